package iommulab.engine.os;

import iommulab.engine.iommu.Stage;

import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/// Whose requests use what, by way of which device entry.
///
/// @param own what the requests without PASID of that entry use
/// @param user what the requests concerned use
record EntryUse(Translation own, Translation user) {
    static final Comparator<EntryUse> ORDER =
            Comparator.<EntryUse>comparingInt(use -> use.own().tag())
                    .thenComparingInt(use -> use.user().tag())
                    .thenComparingInt(use -> use.user().parentTag());

    /// Who uses a domain, itself or as the second stage below another, with the PASIDs.
    ///
    /// @param stage of the domain's tables
    static Map<EntryUse, TreeSet<Integer>> of(
            Collection<AttachedDevice> devices, int tag, Stage stage) {
        var users = new TreeMap<EntryUse, TreeSet<Integer>>(ORDER);
        for (var device : devices) {
            device.uses(tag, stage)
                    .forEach((pasid, use) ->
                            users.computeIfAbsent(use, _ -> new TreeSet<>()).add(pasid));
        }
        return users;
    }
}
