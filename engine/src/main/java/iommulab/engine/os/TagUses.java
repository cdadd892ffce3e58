package iommulab.engine.os;

import iommulab.engine.pci.RequesterId;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Which requesters and PASIDs use which domain number: what a driver has to know to tell the hardware
/// whose translations have changed. Source: kernel `struct cache_tag`.
///
/// Not thread-safe: one engine thread owns it.
final class TagUses {
    /// The PASID of a requester's own requests, which have none.
    static final int OWN = 0;

    private final List<Use> uses = new ArrayList<>();

    /// @param pasid [#OWN] for requests without PASID
    /// @param tag number of the domain
    /// @param parentTag number of the domain of its second stage
    record Use(RequesterId requester, int pasid, int tag, int parentTag) {}

    TagUses() {}

    TagUses(List<Use> then) {
        uses.addAll(then);
    }

    void add(RequesterId requester, int pasid, Attachment to) {
        uses.add(new Use(requester, pasid, to.tag(), to.parentTag()));
    }

    /// Forgets and gives what a requester used for a PASID.
    Optional<Use> remove(RequesterId requester, int pasid) {
        var found = find(requester, pasid);
        found.ifPresent(uses::remove);
        return found;
    }

    Optional<Use> find(RequesterId requester, int pasid) {
        return uses.stream()
                .filter(use -> use.requester().equals(requester) && use.pasid() == pasid)
                .findFirst();
    }

    /// Everybody who uses a domain itself.
    List<Use> of(int tag) {
        return uses.stream().filter(use -> use.tag() == tag).toList();
    }

    /// Everybody who uses a domain, itself or as the second stage below another.
    List<Use> through(int tag) {
        return uses.stream().filter(use -> use.tag() == tag || use.parentTag() == tag).toList();
    }

    /// Numbers of the domains that are nested in one.
    List<Integer> nestedIn(int parentTag) {
        return uses.stream()
                .filter(use -> use.parentTag() == parentTag && use.tag() != parentTag)
                .map(Use::tag)
                .distinct()
                .sorted()
                .toList();
    }

    List<Use> all() {
        return List.copyOf(uses);
    }
}
