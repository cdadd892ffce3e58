package iommulab.engine.os;

import java.util.Comparator;

/// Whose requests use what, by way of which device entry.
///
/// @param own what the requests without PASID of that entry use
/// @param user what the requests concerned use
record EntryUse(Translation own, Translation user) {
    static final Comparator<EntryUse> ORDER =
            Comparator.<EntryUse>comparingInt(use -> use.own().tag())
                    .thenComparingInt(use -> use.user().tag())
                    .thenComparingInt(use -> use.user().parentTag());
}
