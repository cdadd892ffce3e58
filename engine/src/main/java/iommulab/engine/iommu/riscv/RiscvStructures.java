package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.Structure;

/// The structures in memory that a RISC-V IOMMU reads to find what a request goes through, bit by bit: device
/// and process directories, MSI page tables. See also [PageTableStructures], [QueueStructures].
/// Spec: RISC-V IOMMU, "Data structures".
public final class RiscvStructures {
    private static final String[] PROCESS_MODES = {"Bare", "PD8", "PD17", "PD20"};

    private final RiscvCapabilities capabilities;

    /// @param capabilities decide which bits are reserved
    public RiscvStructures(RiscvCapabilities capabilities) {
        this.capabilities = capabilities;
    }

    // ---- directories

    /// 64 bits: an entry of a device directory above its last level.
    public Structure deviceDirectoryEntry() {
        return directoryEntry("Device directory entry", "no device of this part is known");
    }

    /// 64 bits: an entry of a process directory above its last level.
    public Structure processDirectoryEntry() {
        return directoryEntry("Process directory entry", "no process of this part is known");
    }

    private static Structure directoryEntry(String name, String absent) {
        return new Structure.Builder(name, 1)
                .reserved(0, 63, 54)
                .units(0, 53, 10, "PPN", "next table", 12)
                .reserved(0, 9, 1)
                .bit(0, 0, "V", "not valid: " + absent, "valid")
                .build();
    }

    /// 256 or 512 bits: what the requests of one device go through.
    ///
    /// @param control the `fctl` register
    /// @param processes whether `fsc` points to a process directory (PDTV)
    /// @param narrow whether first stages are Sv32 (SXL)
    public Structure deviceContext(int control, boolean processes, boolean narrow) {
        boolean extended = capabilities.msiFlat();
        var context = new Structure.Builder("Device context", extended ? 8 : 4);
        translationControl(context);
        boolean narrowGuest = (control & RiscvRegisters.GXL) != 0;
        context.value(1, 63, 60, "iohgatp.MODE", value -> guestMode((int) value, narrowGuest))
                .value(1, 59, 44, "GSCID", value -> "guest %d".formatted(value))
                .units(1, 43, 0, "iohgatp.PPN", "second-stage table", 12);
        if (capabilities.qosId()) {
            context.value(2, 63, 52, "MCID", value -> "monitoring counter %d".formatted(value))
                    .value(2, 51, 40, "RCID", value -> "resource control %d".formatted(value));
        } else {
            context.reserved(2, 63, 40);
        }
        context.reserved(2, 39, 32)
                .value(2, 31, 12, "PSCID", value -> "address space %d".formatted(value))
                .reserved(2, 11, 0);
        firstStage(context, 3, processes, narrow);
        if (extended) {
            msiTable(context);
        }
        return context.build();
    }

    private static void translationControl(Structure.Builder context) {
        context.reserved(0, 63, 32)
                .ignored(0, 31, 24)
                .reserved(0, 23, 12)
                .bit(0, 11, "SXL", "first stage of 64-bit entries", "first stage Sv32")
                .bit(0, 10, "SBE", "first stage little-endian", "first stage big-endian")
                .bit(0, 9, "DPE", "no default process", "without process_id: process 0")
                .bit(0, 8, "SADE", "software sets first-stage A, D", "hardware sets them")
                .bit(0, 7, "GADE", "software sets second-stage A, D", "hardware sets them")
                .bit(0, 6, "PRPR", "page responses name no process", "they name the process")
                .bit(0, 5, "PDTV", "fsc is a first stage", "fsc is a process directory")
                .bit(0, 4, "DTF", "faults are recorded", "most faults are not recorded")
                .bit(0, 3, "T2GPA", "ATS answers are host addresses", "guest-physical addresses")
                .bit(0, 2, "EN_PRI", "no page requests", "page requests allowed")
                .bit(0, 1, "EN_ATS", "no ATS", "ATS allowed")
                .bit(0, 0, "V", "not valid: nobody gave it a context", "valid");
    }

    private static void msiTable(Structure.Builder context) {
        context.value(4, 63, 60, "msiptp.MODE", RiscvStructures::msiMode)
                .reserved(4, 59, 44)
                .units(4, 43, 0, "msiptp.PPN", "MSI page table", 12)
                .reserved(5, 63, 52)
                .value(5, 51, 0, "MASK", value -> "page bits 0x%x choose the file".formatted(value))
                .reserved(6, 63, 52)
                .value(6, 51, 0, "PATTERN", value -> "files are in pages 0x%x".formatted(value))
                .reserved(7, 63, 0);
    }

    private static void firstStage(
            Structure.Builder context, int word, boolean processes, boolean narrow) {
        context.value(
                        word,
                        63,
                        60,
                        "fsc.MODE",
                        value ->
                                processes
                                        ? processMode((int) value)
                                        : firstMode((int) value, narrow))
                .reserved(word, 59, 44)
                .units(
                        word,
                        43,
                        0,
                        "fsc.PPN",
                        processes ? "process directory" : "first-stage table",
                        12);
    }

    /// 128 bits: the address space of a process.
    ///
    /// @param narrow whether first stages are Sv32 (SXL)
    public Structure processContext(boolean narrow) {
        var context =
                new Structure.Builder("Process context", 2)
                        .reserved(0, 63, 32)
                        .value(0, 31, 12, "PSCID", value -> "address space %d".formatted(value))
                        .reserved(0, 11, 3)
                        .bit(0, 2, "SUM", "supervisor not on user pages", "supervisor also there")
                        .bit(0, 1, "ENS", "no supervisor requests", "supervisor requests allowed")
                        .bit(0, 0, "V", "not valid: no such process", "valid");
        firstStage(context, 1, false, narrow);
        return context.build();
    }

    static String processMode(int mode) {
        return mode < PROCESS_MODES.length ? PROCESS_MODES[mode] : "reserved";
    }

    static String firstMode(int mode, boolean narrow) {
        return switch (mode) {
            case 0 -> "Bare";
            case 8 -> narrow ? "Sv32" : "Sv39";
            case 9 -> narrow ? "reserved" : "Sv48";
            case 10 -> narrow ? "reserved" : "Sv57";
            default -> "reserved";
        };
    }

    static String guestMode(int mode, boolean narrow) {
        var name = firstMode(mode, narrow);
        return mode == 0 || name.equals("reserved") ? name : name + "x4";
    }

    private static String msiMode(long mode) {
        return switch ((int) mode) {
            case 0 -> "off";
            case 1 -> "flat";
            default -> "reserved";
        };
    }

    // ---- MSI page tables

    /// 128 bits: an entry of an MSI page table, by its first word.
    Structure msi(long low) {
        return MsiTable.isMrif(low) ? msiMrif() : msiFlat();
    }

    /// 128 bits: an entry that leads to an interrupt file of an interrupt controller.
    public Structure msiFlat() {
        return msi("MSI page-table entry")
                .ignored(1, 63, 0)
                .reserved(0, 62, 54)
                .units(0, 53, 10, "PPN", "interrupt file", 12)
                .reserved(0, 9, 3)
                .build();
    }

    /// 128 bits: an entry that leads to an interrupt file in memory.
    public Structure msiMrif() {
        return msi("MSI page-table entry, file in memory")
                .reserved(1, 63, 61)
                .value(1, 60, 60, "NID[10]", value -> "bit 10 is %d".formatted(value))
                .reserved(1, 59, 54)
                .units(1, 53, 10, "NPPN", "notice page", 12)
                .value(1, 9, 0, "NID[9:0]", value -> "notice %d".formatted(value))
                .reserved(0, 62, 54)
                .units(0, 53, 7, "MRIF", "interrupt file in memory", 9)
                .reserved(0, 6, 3)
                .build();
    }

    private static Structure.Builder msi(String name) {
        return new Structure.Builder(name, 2)
                .bit(0, 63, "C", "the format of the specification", "a custom format")
                .value(0, 2, 1, "M", RiscvStructures::msiEntryMode)
                .bit(0, 0, "V", "not valid: no such interrupt file", "valid");
    }

    private static String msiEntryMode(long mode) {
        return switch ((int) mode) {
            case MsiTable.MRIF -> "file in memory";
            case MsiTable.FLAT -> "file of an interrupt controller";
            default -> "reserved";
        };
    }
}
