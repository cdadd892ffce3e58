package iommulab.engine.os;

import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.os.device.GuestEntry;

import org.jspecify.annotations.Nullable;

/// What a driver is to write into the entry of a device or of one of its PASIDs: which tables translate
/// its requests. Without tables, addresses pass through.
///
/// @param tag number of the domain, 16 bits: what caches are tagged with
/// @param first its first-stage tables, if it has any
/// @param parentTag number of the domain that the second stage belongs to; equal to `tag` if there is no
///     first stage
/// @param second its second-stage tables, if it has any; with both, the first stage's tables lie in the
///     guest's memory
/// @param guest the entry of a guest that keeps first stages and table of PASIDs itself; only together with
///     a second stage, and without `first`
public record Attachment(
        int tag,
        @Nullable TableBuilder first,
        int parentTag,
        @Nullable TableBuilder second,
        @Nullable GuestEntry guest) {

    /// Without a guest that has an entry of its own.
    public Attachment(
            int tag, @Nullable TableBuilder first, int parentTag, @Nullable TableBuilder second) {
        this(tag, first, parentTag, second, null);
    }

    /// No translation.
    public static Attachment passThrough(int tag) {
        return new Attachment(tag, null, tag, null);
    }

    public boolean isPassThrough() {
        return first == null && second == null;
    }
}
