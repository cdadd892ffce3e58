package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.Reach;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;

import java.util.Optional;

/// What an entry of a guest's invalidation reaches, read as the calls that carry it out read it. Numbers of
/// devices and domains are the guest's. Source: kernel `struct iommu_hwpt_invalidate`.
public final class GuestInvalidation {
    private GuestInvalidation() {}

    /// @param type of the entries: `vtd_s1`, `selftest`, `viommu_selftest`, `arm_smmuv3`, `amd`
    /// @param entry its fields; what is missing is 0, as in the calls
    public static Reach of(String type, Arguments entry) {
        try {
            return read(type, entry);
        } catch (CallFailed failed) {
            return new Reach.Refused(failed.errno(), failed.rule());
        } catch (BadArgument bad) {
            return new Reach.Refused("", bad.reason());
        }
    }

    private static Reach read(String type, Arguments entry) throws CallFailed, BadArgument {
        return switch (type) {
            case "vtd_s1" -> FirstStagePages.of(entry).reach();
            case "selftest" -> SelftestWord.ofTable(entry).reach();
            case "viommu_selftest" -> SelftestWord.ofDevice(entry).reach();
            case "arm_smmuv3" ->
                    StreamCommand.forGuests(entry.wordOfPair("cmd", 0), entry.wordOfPair("cmd", 1))
                            .reach();
            case "amd" ->
                    DeviceTableCommand.forGuests(
                                    entry.wordOfPair("cmd", 0), entry.wordOfPair("cmd", 1))
                            .reach();
            default -> throw new BadArgument("there are no entries of type '%s'".formatted(type));
        };
    }

    /// An entry of VT-d. Source: kernel `struct iommu_hwpt_vtd_s1_invalidate`.
    ///
    /// @param address first iova of the guest
    /// @param pages of 4 KiB; -1 for all
    /// @param leavesOnly IOMMU_VTD_INV_FLAGS_LEAF
    record FirstStagePages(long address, long pages, boolean leavesOnly) {
        private static final long PAGE = 4096;
        private static final long ALL = -1;

        /// @throws CallFailed (EOPNOTSUPP) an unknown flag, (EINVAL) no address of a page
        static FirstStagePages of(Arguments entry) throws CallFailed, BadArgument {
            long address = entry.number("addr", 0);
            long pages = entry.number("npages", 0);
            boolean leavesOnly = NestedData.flag(entry.number("flags", 0));
            if (address % PAGE != 0) {
                throw new CallFailed(
                        "EINVAL", "0x%x is not the address of a page.".formatted(address));
            }
            if (pages == ALL && address != 0) {
                throw new CallFailed(
                        "EINVAL",
                        "All pages are invalidated with address 0, not 0x%x.".formatted(address));
            }
            return new FirstStagePages(address, pages, leavesOnly);
        }

        boolean isAll() {
            return pages == ALL;
        }

        long bytes() {
            return pages * PAGE;
        }

        Reach reach() {
            if (isAll()) {
                // Hardware forgets by PASID then: the flag counts for nothing.
                return new Reach.Everything(false);
            }
            return pages == 0
                    ? new Reach.Nothing("npages is 0")
                    : new Reach.Pages(Optional.empty(), address, bytes(), leavesOnly);
        }
    }

    /// An entry of the kernel's self-test. Source: kernel `struct iommu_hwpt_invalidate_selftest`,
    /// `struct iommu_viommu_invalidate_selftest`.
    ///
    /// @param device the guest's number, none for a word of the table
    /// @param word that the entry names, even if all are meant
    record SelftestWord(Optional<Long> device, boolean all, long word) {
        static SelftestWord ofTable(Arguments entry) throws CallFailed, BadArgument {
            boolean all = NestedData.flag(entry.number("flags", 0));
            return new SelftestWord(Optional.empty(), all, entry.number("iotlb_id", 0));
        }

        static SelftestWord ofDevice(Arguments entry) throws CallFailed, BadArgument {
            boolean all = NestedData.flag(entry.number("flags", 0));
            return new SelftestWord(
                    Optional.of(entry.number("vdev_id")), all, entry.number("cache_id", 0));
        }

        Reach reach() {
            return new Reach.Word(device, all ? Optional.empty() : Optional.of(word));
        }
    }
}
