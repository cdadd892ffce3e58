package iommulab.app.memory;

import java.util.ArrayList;
import java.util.List;

/// The places in memory that were looked at, in order: back and forward as in a web browser. Moving
/// about in one frame is one visit.
final class Visited {
    private static final int KEPT = 200;
    private static final long FRAME = -4096;

    private final List<Long> places = new ArrayList<>();
    private int here = -1;

    /// Comes to a place; what lay ahead is forgotten.
    void visit(long hpa) {
        if (here >= 0 && (places.get(here) & FRAME) == (hpa & FRAME)) {
            places.set(here, hpa);
            return;
        }
        places.subList(here + 1, places.size()).clear();
        places.add(hpa);
        if (places.size() > KEPT) {
            places.removeFirst();
        }
        here = places.size() - 1;
    }

    boolean canGoBack() {
        return here > 0;
    }

    boolean canGoForward() {
        return here + 1 < places.size();
    }

    /// Goes back; there must be something to go back to.
    long back() {
        return places.get(--here);
    }

    long forward() {
        return places.get(++here);
    }
}
