package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.KnownStructures;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Structure;

/// Page-table entries of both stages, bit by bit.
/// Spec: The RISC-V Instruction Set Manual, Volume II, "Sv32", "Sv39", "Svnapot", "Svpbmt".
public final class PageTableStructures {
    private final RiscvCapabilities capabilities;
    private final KnownStructures known = new KnownStructures();

    /// @param capabilities decide which bits are reserved
    public PageTableStructures(RiscvCapabilities capabilities) {
        this.capabilities = capabilities;
    }

    /// 64 bits: an entry of Sv39, Sv48, Sv57 or one of their x4 variants.
    ///
    /// @param level of the table that holds it, 1 for the level of the smallest pages
    /// @param leaf whether it maps a page
    public Structure entry(Stage stage, int level, boolean leaf) {
        var entry = new Structure.Builder(name(stage, level, leaf), 1);
        if (leaf) {
            napot(entry, level);
            memoryType(entry);
        } else {
            entry.reserved(0, 63, 61);
        }
        if (capabilities.svrsw60t59b()) {
            entry.ignored(0, 60, 59);
        } else {
            entry.reserved(0, 60, 59);
        }
        entry.reserved(0, 58, 54);
        if (leaf) {
            int pageLow = 10 + 9 * (level - 1);
            entry.units(0, 53, pageLow, "PPN", pageName(12 + 9 * (level - 1)), pageLow + 2)
                    .reserved(0, pageLow - 1, 10);
        } else {
            entry.units(0, 53, 10, "PPN", "level %d table".formatted(level - 1), 12);
        }
        return lowBits(entry, stage, leaf).build();
    }

    /// The bit table of an entry that lies in memory.
    ///
    /// @param narrow whether it is one of Sv32 or Sv32x4
    Structure of(Stage stage, int level, long raw, boolean narrow) {
        long kind = PageTableFormat.READ | PageTableFormat.WRITE | PageTableFormat.EXECUTE;
        boolean leaf = level == 1 || (raw & kind) != 0;
        int number =
                (level << 1 | (leaf ? 1 : 0)) << 2
                        | (stage == Stage.SECOND ? 2 : 0)
                        | (narrow ? 1 : 0);
        return known.of(
                number, () -> narrow ? narrowEntry(stage, level, leaf) : entry(stage, level, leaf));
    }

    private static String name(Stage stage, int level, boolean leaf) {
        return "Level %d %s %s".formatted(level, stage.words(), leaf ? "leaf" : "entry");
    }

    private static void napot(Structure.Builder entry, int level) {
        if (level == 1) {
            entry.bit(0, 63, "N", "4 KiB page", "64 KiB page: PPN[3:0] is 8");
        } else {
            entry.reserved(0, 63, 63);
        }
    }

    private void memoryType(Structure.Builder entry) {
        if (capabilities.svpbmt()) {
            entry.value(0, 62, 61, "PBMT", PageTableStructures::memoryTypeName);
        } else {
            entry.reserved(0, 62, 61);
        }
    }

    private static String memoryTypeName(long type) {
        return switch ((int) type) {
            case 0 -> "memory type of the address";
            case 1 -> "not cacheable";
            case 2 -> "I/O";
            default -> "reserved";
        };
    }

    private static String pageName(int shift) {
        return switch (shift) {
            case 12 -> "4 KiB page";
            case 21 -> "2 MiB page";
            case 30 -> "1 GiB page";
            case 39 -> "512 GiB page";
            default -> "256 TiB page";
        };
    }

    private static Structure.Builder lowBits(Structure.Builder entry, Stage stage, boolean leaf) {
        entry.ignored(0, 9, 8);
        if (leaf) {
            entry.bit(0, 7, "D", "not written yet", "written")
                    .bit(0, 6, "A", "not used yet", "used");
        } else {
            entry.reserved(0, 7, 6);
        }
        entry.bit(0, 5, "G", "of this address space", "of all address spaces");
        if (leaf) {
            boolean first = stage == Stage.FIRST;
            entry.bit(0, 4, "U", first ? "the supervisor's" : "not for guests", "the user's");
        } else {
            entry.reserved(0, 4, 4);
        }
        return entry.bit(0, 3, "X", "not to be executed", "may be executed")
                .bit(0, 2, "W", "not to be written", "may be written")
                .bit(0, 1, "R", "not to be read", "may be read")
                .bit(0, 0, "V", "not valid", "valid");
    }

    /// 32 bits, shown as the lower half of a word: an entry of Sv32 or Sv32x4.
    ///
    /// @param level 1 or 2
    /// @param leaf whether it maps a page
    public Structure narrowEntry(Stage stage, int level, boolean leaf) {
        var entry = new Structure.Builder(name(stage, level, leaf), 1).ignored(0, 63, 32);
        if (leaf && level == 2) {
            entry.units(0, 31, 20, "PPN", "4 MiB page", 22).reserved(0, 19, 10);
        } else {
            entry.units(0, 31, 10, "PPN", leaf ? "4 KiB page" : "level 1 table", 12);
        }
        return lowBits(entry, stage, leaf).build();
    }
}
