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

    /// Whether an entry has the only flag that is known.
    ///
    /// @throws CallFailed (EOPNOTSUPP) others
    static boolean flag(long flags) throws CallFailed {
        if ((flags & ~1) != 0) {
            throw new CallFailed(
                    "EOPNOTSUPP", "Only flag 1 is known, and the entry has 0x%x.".formatted(flags));
        }
        return flags != 0;
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
            var named = GuestInvalidation.SelftestWord.ofTable(entry);
            if (Long.compareUnsigned(named.word(), COUNT) >= 0) {
                throw new CallFailed(
                        "EINVAL",
                        "There are %d cache words, and no word %d.".formatted(COUNT, named.word()));
            }
            for (int i = 0; i < COUNT; i++) {
                if (named.all() || i == named.word()) {
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
            var pages = GuestInvalidation.FirstStagePages.of(entry);
            if (pages.isAll()) {
                guests.invalidateNested(domain, 0, -1, false);
            } else if (pages.pages() != 0) {
                guests.invalidateNested(domain, pages.address(), pages.bytes(), pages.leavesOnly());
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
