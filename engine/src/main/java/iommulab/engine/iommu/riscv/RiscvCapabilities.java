package iommulab.engine.iommu.riscv;

/// What a RISC-V IOMMU can do: its `capabilities` register, and what the specification leaves to whoever
/// builds one.
/// Spec: RISC-V IOMMU, "IOMMU capabilities (capabilities)", "Features-control register (fctl)".
///
/// @param bits the register, 64 bits
/// @param guestWidthSelectable whether software can write `fctl.GXL`
/// @param byteOrderSelectable whether software can write `fctl.BE`
/// @param deviceIdBits widest device_id that a command may name, at most 24
/// @param bareFirstShift two to this power is the range that a Bare first stage answers an ATS request for
/// @param bareSecondShift the same for a Bare second stage
public record RiscvCapabilities(
        long bits,
        boolean guestWidthSelectable,
        boolean byteOrderSelectable,
        int deviceIdBits,
        int bareFirstShift,
        int bareSecondShift) {
    private static final int GIB = 30;

    /// Version 1.0 with everything: Sv32 to Sv57, the same for guests, Svpbmt, MSI tables in both modes, A/D
    /// by hardware, ATS with T2GPA, all process directories, both ways to interrupt, 56-bit addresses.
    public static final RiscvCapabilities EVERYTHING =
            new RiscvCapabilities(0xff8_2fef_cf10L, true, true, 24, GIB, GIB);

    public RiscvCapabilities {
        if (deviceIdBits < 1 || deviceIdBits > 24) {
            throw new IllegalArgumentException(
                    "device_id of %d bits: take 1 to 24".formatted(deviceIdBits));
        }
    }

    private boolean has(int bit) {
        return (bits >>> bit & 1) != 0;
    }

    public boolean sv32() {
        return has(8);
    }

    /// Whether the first stage can have so many levels of 9 bits: Sv39, Sv48, Sv57.
    public boolean firstStageLevels(int levels) {
        return levels >= 3 && levels <= 5 && has(6 + levels);
    }

    /// Bits of the widest iova of a first stage.
    int addressBits() {
        for (int levels = 5; levels >= 3; levels--) {
            if (firstStageLevels(levels)) {
                return 12 + 9 * levels;
            }
        }
        return 32;
    }

    public boolean sv32x4() {
        return has(16);
    }

    /// Whether the second stage can have so many levels of 9 bits: Sv39x4, Sv48x4, Sv57x4.
    public boolean secondStageLevels(int levels) {
        return levels >= 3 && levels <= 5 && has(14 + levels);
    }

    /// Bits 60:59 of a leaf are software's.
    public boolean svrsw60t59b() {
        return has(14);
    }

    /// Page-based memory types.
    public boolean svpbmt() {
        return has(15);
    }

    /// MSI page tables, and with them device contexts of 64 bytes.
    public boolean msiFlat() {
        return has(22);
    }

    /// MSI page-table entries that point to a memory-resident interrupt file.
    public boolean msiMrif() {
        return has(23);
    }

    /// Whether messages are stored in interrupt files in memory by one atomic operation; else the word is read
    /// and written.
    boolean atomicFiles() {
        return has(21);
    }

    /// Hardware can set accessed and dirty bits.
    public boolean hardwareUpdates() {
        return has(24);
    }

    public boolean ats() {
        return has(25);
    }

    /// The IOMMU can answer ATS requests with guest-physical addresses.
    public boolean t2gpa() {
        return has(26);
    }

    /// Both byte orders.
    public boolean bothByteOrders() {
        return has(27);
    }

    /// Whether it can interrupt by wire.
    public boolean wired() {
        return (bits >>> 28 & 3) != 0;
    }

    /// Whether it can interrupt by message.
    public boolean messages() {
        return (bits >>> 28 & 3) != 1;
    }

    /// Width of host-physical addresses, in bits.
    public int hostAddressBits() {
        return (int) (bits >>> 32) & 0x3f;
    }

    /// Whether a mode of `pdtp` is supported: 1 PD8, 2 PD17, 3 PD20.
    public boolean processDirectory(int mode) {
        return mode >= 1 && mode <= 3 && has(37 + mode);
    }

    /// Bits of the widest process_id, 0 if there are none.
    public int processIdBits() {
        if (has(40)) {
            return 20;
        }
        if (has(39)) {
            return 17;
        }
        return has(38) ? 8 : 0;
    }

    public boolean qosId() {
        return has(41);
    }

    /// Invalidations by address can cover non-leaf entries.
    public boolean nonLeafInvalidation() {
        return has(42);
    }

    /// Invalidations can cover a range of addresses.
    public boolean rangeInvalidation() {
        return has(43);
    }

    /// Size of a device context: 32 bytes, or 64 with MSI page tables.
    public int deviceContextBytes() {
        return msiFlat() ? 64 : 32;
    }
}
