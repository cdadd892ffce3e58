package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.PhysicalMemory;

/// What RISC-V page-table entries mean: Sv39, Sv48, Sv57 (512 entries of 8 bytes) or Sv32 (1024 entries of
/// 4 bytes) in the first stage, and their x4 variants in the second.
/// Spec: The RISC-V Instruction Set Manual, Volume II, "Virtual Address Translation Process",
/// "Guest-Page Faults", "Svnapot", "Svpbmt", "Svrsw60t59b".
final class PageTableFormat implements TableFormat {
    /*
     *   63 N | 62:61 PBMT | 60:59 reserved or software's | 58:54 reserved | 53:10 PPN | 9:8 software's
     *   7 D | 6 A | 5 G | 4 U | 3 X | 2 W | 1 R | 0 V        Sv32 has 31:0 only
     */
    static final int VALID = 1;
    static final int READ = 1 << 1;
    static final int WRITE = 1 << 2;
    static final int EXECUTE = 1 << 3;
    static final int USER = 1 << 4;
    static final int GLOBAL = 1 << 5;
    static final int ACCESSED = 1 << 6;
    static final int DIRTY = 1 << 7;
    static final long NAPOT = 1L << 63;
    static final int PBMT_AT = 61;

    /* What of the contexts changes how entries are read. */

    /// Hardware sets A and D (SADE, GADE).
    static final long UPDATES = 1;

    /// Entries are big-endian.
    static final long BIG_ENDIAN = 1 << 1;

    /// Supervisor requests may use the user's pages.
    static final long SUM = 1 << 2;

    /// An ATS request with user privilege: it needs no right, but the page has to be the user's.
    static final long ASKS_AS_USER = 1 << 3;

    /// An ATS request with supervisor privilege.
    static final long ASKS_AS_SUPERVISOR = 1 << 4;

    /// An ATS request that wants to execute.
    static final long ASKS_TO_EXECUTE = 1 << 5;

    /// Somebody looks: accessed and dirty bits stay as they are.
    static final long LOOKING = 1 << 6;

    /// Entries have 32 bits.
    static final long NARROW = 1 << 7;

    /* Rules that an entry can break, numbered for TableEntry. */
    static final int RESERVED_BIT = 0;
    static final int WRITE_WITHOUT_READ = 1;
    static final int MEMORY_TYPE = 2;
    static final int POINTER_BITS = 3;
    static final int POINTER_AT_LAST_LEVEL = 4;
    static final int MISALIGNED = 5;
    static final int NAPOT_SIZE = 6;
    static final int WRONG_PRIVILEGE = 7;

    private static final TableShape SV32 = new TableShape(12, 10, 2);
    private static final long PPN = (1L << 44) - 1 << 10;
    private static final long SOFTWARE = 3 << 8;
    private static final int RWX = READ | WRITE | EXECUTE;
    private static final long ALWAYS_RESERVED = 0x1fL << 54;
    private static final long RSW_60_59 = 3L << 59;
    private static final long PBMT = 3L << PBMT_AT;
    private static final long NOT_IN_POINTER = NAPOT | PBMT | DIRTY | ACCESSED | USER;
    private static final long PLAIN_POINTER = ~(PPN | SOFTWARE | GLOBAL);
    private static final int NAPOT_SHIFT = 16;

    private final Stage stage;
    private final boolean narrow;
    private final long reserved;
    /* Bits whose value a readable page of 4 KiB without attributes has fixed. */
    private final long notInPlainPage;
    private final boolean pbmt;

    /// @param narrow Sv32 or Sv32x4
    PageTableFormat(RiscvCapabilities capabilities, Stage stage, boolean narrow) {
        this.stage = stage;
        this.narrow = narrow;
        pbmt = capabilities.svpbmt();
        reserved = capabilities.svrsw60t59b() ? ALWAYS_RESERVED : ALWAYS_RESERVED | RSW_60_59;
        notInPlainPage = narrow ? -1 : reserved | PBMT | NAPOT | VALID | READ;
    }

    @Override
    public TableShape shape() {
        return narrow ? SV32 : TableShape.FOUR_KIB;
    }

    /// Bits that must be zero in every entry.
    long reservedBits() {
        return reserved | (pbmt ? 0 : PBMT);
    }

    @Override
    public boolean marksUse() {
        return true;
    }

    @Override
    public boolean marksTables() {
        return false;
    }

    // ---- memory

    /// 32-bit entries are sign-extended, so that all ones stays all ones.
    @Override
    public long read(PhysicalMemory memory, long hpa, long regime) {
        long word = memory.read64(hpa);
        return (regime & (BIG_ENDIAN | NARROW)) == 0 ? word : rearranged(word, hpa, regime);
    }

    private static long rearranged(long word, long hpa, long regime) {
        boolean big = (regime & BIG_ENDIAN) != 0;
        if ((regime & NARROW) == 0) {
            return Long.reverseBytes(word);
        }
        int half = (int) ((hpa & 4) == 0 ? word : word >>> 32);
        return big ? Integer.reverseBytes(half) : half;
    }

    @Override
    public boolean write(PhysicalMemory memory, long hpa, long raw, long regime) {
        boolean big = (regime & BIG_ENDIAN) != 0;
        if (narrow) {
            return memory.write32(hpa, big ? Integer.reverseBytes((int) raw) : (int) raw);
        }
        return memory.write64(hpa, big ? Long.reverseBytes(raw) : raw);
    }

    // ---- meaning

    @Override
    public long decode(long raw, int level, long regime) {
        if ((raw & PLAIN_POINTER) == VALID && level > 1) {
            return table(raw, level);
        }
        if ((raw & notInPlainPage) == (VALID | READ) && level == 1 && !isForbidden(raw, regime)) {
            return page((raw & PPN) << 2, 12, raw, regime);
        }
        return decodeOther(narrow ? raw & 0xffff_ffffL : raw, level, regime);
    }

    private static long table(long raw, int level) {
        long next = (raw & PPN) << 2;
        long global = (raw & GLOBAL) == 0 ? 0 : TableEntry.GLOBAL;
        return TableEntry.table(next, level - 1, TableEntry.RIGHTS) | global;
    }

    private long decodeOther(long raw, int level, long regime) {
        if ((raw & VALID) == 0) {
            return TableEntry.NOT_PRESENT;
        }
        if ((raw & reserved) != 0) {
            return broken(RESERVED_BIT);
        }
        if ((raw & (READ | WRITE)) == WRITE) {
            return broken(WRITE_WITHOUT_READ);
        }
        if ((raw & PBMT) != 0 && (!pbmt || (raw & PBMT) == PBMT)) {
            return broken(MEMORY_TYPE);
        }
        if ((raw & RWX) != 0) {
            return decodeLeaf(raw, level, regime);
        }
        if ((raw & NOT_IN_POINTER) != 0) {
            return broken(POINTER_BITS);
        }
        return level == 1 ? broken(POINTER_AT_LAST_LEVEL) : table(raw, level);
    }

    private static long broken(int rule) {
        return TableEntry.reserved(rule, 0);
    }

    private long decodeLeaf(long raw, int level, long regime) {
        int shift = shape().shiftAt(level);
        if (raw < 0 && level > 1) {
            return broken(NAPOT_SIZE);
        }
        if (isForbidden(raw, regime)) {
            return broken(WRONG_PRIVILEGE);
        }
        long page = (raw & PPN) << 2;
        if (raw < 0) {
            // Svnapot knows one size yet, 64 KiB: the low bits of PPN are 1000.
            if ((page >>> 12 & 15) != 8) {
                return broken(NAPOT_SIZE);
            }
            shift = NAPOT_SHIFT;
            page &= -1L << NAPOT_SHIFT;
        }
        if ((page & (1L << shift) - 1) != 0) {
            return broken(MISALIGNED);
        }
        return page(page, shift, raw, regime) | (raw & PBMT) >>> 1;
    }

    private long page(long page, int shift, long raw, long regime) {
        long flags = (raw & GLOBAL) == 0 || stage == Stage.SECOND ? 0 : TableEntry.GLOBAL;
        if ((raw & (WRITE | DIRTY)) == WRITE) {
            flags |= TableEntry.CLEAN;
        }
        return TableEntry.leaf(page, shift, rights(raw, regime)) | flags;
    }

    /// Whether the page is of the wrong owner for who asks: for every request to a second stage, and for
    /// ATS requests, which no missing right stops.
    private boolean isForbidden(long raw, long regime) {
        boolean user = (raw & USER) != 0;
        if (stage == Stage.SECOND) {
            return !user;
        }
        if ((regime & ASKS_AS_SUPERVISOR) != 0) {
            return user && (regime & (SUM | ASKS_TO_EXECUTE)) != SUM;
        }
        return (regime & ASKS_AS_USER) != 0 && !user;
    }

    private long rights(long raw, long regime) {
        long plain = raw >>> 1 & 3 | (raw & EXECUTE) << 1;
        long privileged = (plain & 3) << 56 | (plain & TableEntry.EXECUTE) << 54;
        if (stage == Stage.SECOND) {
            return plain;
        }
        if ((raw & USER) == 0) {
            return privileged;
        }
        return (regime & SUM) == 0 ? plain : plain | privileged & ~TableEntry.PRIV_EXECUTE;
    }

    @Override
    public long used(long raw, int level, boolean leaf, boolean write, long regime) {
        if (!leaf || (regime & LOOKING) != 0) {
            return raw;
        }
        long marked = raw | ACCESSED | (write ? DIRTY : 0);
        return marked == raw || (regime & UPDATES) != 0 ? marked : UNMARKED;
    }
}
