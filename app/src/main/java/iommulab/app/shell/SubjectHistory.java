package iommulab.app.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What was selected, in order, with a place in it: back and forward as in a web browser. Selecting
/// something new forgets what lay ahead.
final class SubjectHistory {
    private static final int KEPT = 200;

    private final List<Subject> visited = new ArrayList<>(List.of(new Subject.Nothing()));
    private int here;

    void visit(Subject subject) {
        if (subject.equals(visited.get(here))) {
            return;
        }
        visited.subList(here + 1, visited.size()).clear();
        visited.add(subject);
        if (visited.size() > KEPT) {
            visited.removeFirst();
        }
        here = visited.size() - 1;
    }

    boolean canGoBack() {
        return here > 0;
    }

    boolean canGoForward() {
        return here + 1 < visited.size();
    }

    Optional<Subject> back() {
        return canGoBack() ? Optional.of(visited.get(--here)) : Optional.empty();
    }

    Optional<Subject> forward() {
        return canGoForward() ? Optional.of(visited.get(++here)) : Optional.empty();
    }
}
