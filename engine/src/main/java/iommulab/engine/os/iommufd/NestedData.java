package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.GuestDomains;
import iommulab.engine.os.device.GuestEntry;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.Collection;

/// What makes a nested table: data in the terms of one driver, and how its entries are invalidated.
public sealed interface NestedData {
    /// Number of the domain that hardware walks, 0 if it walks none.
    int domain();

    /// Name of the type of an invalidation's entries; empty if its virtual IOMMU takes them all.
    String entryType();

    /// Bytes of one entry: fewer are too few, more are not known.
    int entryBytes();

    /// Its table is gone.
    default void end() {}

    /// Carries out one entry.
    ///
    /// @throws CallFailed (EOPNOTSUPP) an unknown flag, (EINVAL) a bad value
    void invalidate(Arguments entry) throws CallFailed, BadArgument;

    private static void requireKnownFlags(long flags) throws CallFailed {
        if ((flags & ~1) != 0) {
            throw new CallFailed(
                    "EOPNOTSUPP", "Only flag 1 is known, and the entry has 0x%x.".formatted(flags));
        }
    }

    /// Four cache words and no table: the kernel's self-test looks at them. Source: kernel
    /// `struct mock_iommu_domain_nested`.
    record Selftest(Book<Integer, Long> words) implements NestedData {
        static final int BYTES = 4;
        private static final int COUNT = 4;

        static Selftest filledWith(Ledger ledger, long word) {
            var words = new Book<Integer, Long>(ledger);
            for (int i = 0; i < COUNT; i++) {
                words.set(i, word);
            }
            return new Selftest(words);
        }

        public Collection<Long> all() {
            return words.all().values();
        }

        @Override
        public int domain() {
            return 0;
        }

        @Override
        public String entryType() {
            return "selftest";
        }

        @Override
        public int entryBytes() {
            return 8;
        }

        @Override
        public void invalidate(Arguments entry) throws CallFailed, BadArgument {
            long flags = entry.number("flags", 0);
            long id = entry.number("iotlb_id", 0);
            requireKnownFlags(flags);
            if (Long.compareUnsigned(id, COUNT) >= 0) {
                throw new CallFailed(
                        "EINVAL", "There are %d cache words, and no word %d.".formatted(COUNT, id));
            }
            for (int i = 0; i < COUNT; i++) {
                if (flags != 0 || i == id) {
                    words.set(i, 0L);
                }
            }
        }
    }

    /// A first-stage table of VT-d. Source: kernel `struct iommu_hwpt_vtd_s1`,
    /// `drivers/iommu/intel/nested.c`.
    ///
    /// @param guest the guest's table
    record VtdStage1(GuestDomains guests, int domain, GuestDomains.GuestTable guest)
            implements NestedData {
        static final int BYTES = 24;
        private static final long PAGE = 4096;
        private static final long ALL_PAGES = -1;

        @Override
        public String entryType() {
            return "vtd_s1";
        }

        @Override
        public int entryBytes() {
            return 24;
        }

        @Override
        public void invalidate(Arguments entry) throws CallFailed, BadArgument {
            long address = entry.number("addr", 0);
            long pages = entry.number("npages", 0);
            long flags = entry.number("flags", 0);
            requireKnownFlags(flags);
            if (address % PAGE != 0) {
                throw new CallFailed(
                        "EINVAL", "0x%x is not the address of a page.".formatted(address));
            }
            if (pages == ALL_PAGES && address != 0) {
                throw new CallFailed(
                        "EINVAL",
                        "All pages are invalidated with address 0, not 0x%x.".formatted(address));
            }
            if (pages == ALL_PAGES) {
                guests.invalidateNested(domain, 0, -1, false);
            } else if (pages != 0) {
                guests.invalidateNested(domain, address, pages * PAGE, flags != 0);
            }
        }
    }

    /// A stream of a guest's SMMUv3: the guest's table of context descriptors, bypass or abort. Source: kernel
    /// `struct arm_smmu_nested_domain`.
    ///
    /// @param entry that the guest has written for the stream
    record StreamOfGuest(int domain, GuestEntry entry) implements NestedData {
        static final int BYTES = 16;

        @Override
        public String entryType() {
            return "";
        }

        @Override
        public int entryBytes() {
            return 0;
        }

        @Override
        public void invalidate(Arguments entry) throws CallFailed {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "A guest's SMMU is invalidated by its commands: give them to the virtual"
                            + " IOMMU.");
        }
    }

    /// A device of a guest's AMD IOMMU: the guest's GCR3 table. Source: kernel `struct nested_domain`.
    ///
    /// @param guest whose number of the domain it has
    /// @param number that the guest gave the domain
    /// @param entry that the guest has written for the device
    record DeviceOfGuest(VirtualIommu guest, int number, int domain, GuestEntry entry)
            implements NestedData {
        static final int BYTES = 32;

        @Override
        public String entryType() {
            return "";
        }

        @Override
        public int entryBytes() {
            return 0;
        }

        @Override
        public void end() {
            guest.numbers().remove(number, domain);
        }

        @Override
        public void invalidate(Arguments entry) throws CallFailed {
            throw new CallFailed(
                    "EOPNOTSUPP",
                    "Hardware reads the command buffer of the guest's IOMMU: Linux carries out none"
                            + " of its commands.");
        }
    }
}
