package iommulab.engine.ats;

import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The side of a device that asks for pages: groups of requests, of which each gets one response.
/// Spec: PCI Express, "Page Request Extended Capability Structure".
///
/// Not thread-safe: one engine thread owns it.
public final class PageRequestInterface {
    private static final int GROUPS = 512;

    /// A page that the device waits for, or may now try again.
    ///
    /// @param iova of the first byte that it wants
    /// @param bytes of the request that waits for it; 0 if none does
    public record Wanted(PasidPrefix prefix, long iova, boolean read, boolean write, int bytes) {
        /// A page that no request waits for.
        public Wanted(PasidPrefix prefix, long iova, boolean read, boolean write) {
            this(prefix, iova, read, write, 0);
        }
    }

    private final AtsIommu iommu;
    private final int requester;
    private final int capacity;
    private final Map<Integer, List<Wanted>> open = new TreeMap<>();
    private final List<Wanted> retries = new ArrayList<>();
    private final List<Wanted> givenUp = new ArrayList<>();
    private boolean enabled;
    private boolean failed;
    private int nextGroup;
    /* What the IOMMU recorded of the last group. */
    private final List<FaultReason> refusals = new ArrayList<>();

    /// Switched off.
    ///
    /// @param capacity Outstanding Page Request Capacity: requests that may be open at once
    public PageRequestInterface(AtsIommu iommu, int requester, int capacity) {
        this.iommu = iommu;
        this.requester = requester;
        this.capacity = capacity;
    }

    /// Page Request Enable. Switching it on also ends a failure.
    public void setEnabled(boolean value) {
        enabled = value;
        failed = false;
        open.clear();
        retries.clear();
        givenUp.clear();
    }

    public boolean isEnabled() {
        return enabled;
    }

    /// Response Failure: the IOMMU cannot serve the device, which asks no more until it is switched off and
    /// on.
    public boolean hasFailed() {
        return failed;
    }

    /// Requests without a response yet.
    public int outstanding() {
        return open.values().stream().mapToInt(List::size).sum();
    }

    /// Asks for pages, all in one group.
    ///
    /// @return the group, or nothing if the device may not ask now
    public Optional<Integer> ask(List<Wanted> pages) {
        boolean room = outstanding() + pages.size() <= capacity && open.size() < GROUPS;
        if (!enabled || failed || pages.isEmpty() || !room) {
            return Optional.empty();
        }
        int group = freeGroup();
        open.put(group, List.copyOf(pages));
        refusals.clear();
        for (int i = 0; i < pages.size(); i++) {
            iommu.requestPage(request(pages.get(i), group, i == pages.size() - 1))
                    .ifPresent(refusals::add);
        }
        return Optional.of(group);
    }

    private PageRequest request(Wanted page, int group, boolean last) {
        return new PageRequest(
                requester,
                page.prefix(),
                page.iova() & -4096L,
                page.read(),
                page.write(),
                group,
                last);
    }

    /// The faults that the IOMMU recorded of the last group that was asked for.
    public List<FaultReason> refusals() {
        return List.copyOf(refusals);
    }

    /// Groups without a response yet, with their pages.
    public Map<Integer, List<Wanted>> open() {
        return Map.copyOf(open);
    }

    private int freeGroup() {
        while (open.containsKey(nextGroup)) {
            nextGroup = (nextGroup + 1) % GROUPS;
        }
        int group = nextGroup;
        nextGroup = (nextGroup + 1) % GROUPS;
        return group;
    }

    /// A response has come. One for a group that is not open is unexpected, and ignored.
    public void respond(int group, PageResponse response) {
        var pages = open.remove(group);
        if (pages == null) {
            return;
        }
        switch (response) {
            case SUCCESS -> retries.addAll(pages);
            case INVALID_REQUEST -> givenUp.addAll(pages);
            case FAILURE -> {
                failed = true;
                givenUp.addAll(pages);
            }
        }
    }

    /// The pages that may now be tried again, each once.
    public List<Wanted> takeRetries() {
        var taken = List.copyOf(retries);
        retries.clear();
        return taken;
    }

    /// The pages that the device will not get, each once.
    public List<Wanted> takeGivenUp() {
        var taken = List.copyOf(givenUp);
        givenUp.clear();
        return taken;
    }

    // ---- its state

    /// A page request interface as it was at one instant.
    public record State(
            Map<Integer, List<Wanted>> open,
            List<Wanted> retries,
            List<Wanted> givenUp,
            boolean enabled,
            boolean failed,
            int nextGroup) {
        public State {
            open = Map.copyOf(open);
            retries = List.copyOf(retries);
            givenUp = List.copyOf(givenUp);
        }
    }

    public State checkpoint() {
        return new State(open, retries, givenUp, enabled, failed, nextGroup);
    }

    public void restore(State then) {
        open.clear();
        open.putAll(then.open());
        retries.clear();
        retries.addAll(then.retries());
        givenUp.clear();
        givenUp.addAll(then.givenUp());
        enabled = then.enabled();
        failed = then.failed();
        nextGroup = then.nextGroup();
    }

    /// Hash of everything that decides what the device will ask for from now on.
    public long stateHash() {
        return checkpoint().hashCode();
    }
}
