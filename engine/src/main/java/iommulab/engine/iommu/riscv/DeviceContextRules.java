package iommulab.engine.iommu.riscv;

/// Which device and process contexts are well formed for an IOMMU of given capabilities. The order of the
/// rules cannot be seen: all of them give the same cause.
/// Spec: RISC-V IOMMU, "Device-context configuration checks", "Process-context configuration checks".
final class DeviceContextRules {
    static final long TC_RESERVED = 0xffff_ffff_00ff_f000L;
    static final long FSC_RESERVED = 0xffffL << 44;
    static final long PROCESS_TA_RESERVED = 0xffff_ffffL << 32 | 0xff8;
    static final long MSI_RESERVED = 0xfffL << 52;
    static final long QOS_IDS = 0xff_ffffL << 40;

    private static final long GUEST_ROOT_LOW = 3;
    private static final long TA_FIXED_RESERVED = 0xffL << 32 | 0xfff;

    private final RiscvCapabilities capabilities;

    DeviceContextRules(RiscvCapabilities capabilities) {
        this.capabilities = capabilities;
    }

    long taReserved() {
        return capabilities.qosId() ? TA_FIXED_RESERVED : TA_FIXED_RESERVED | QOS_IDS;
    }

    /// @param control the `fctl` register
    boolean accepts(DeviceContext context, int control) {
        return !hasReservedBits(context)
                && transactionRules(context)
                && firstStageRules(context)
                && secondStageRules(context, control)
                && widthRules(context, control)
                && (capabilities.hardwareUpdates()
                        || (context.tc() & (DeviceContext.SADE | DeviceContext.GADE)) == 0);
    }

    private boolean hasReservedBits(DeviceContext context) {
        return (context.tc() & TC_RESERVED) != 0
                || (context.ta() & taReserved()) != 0
                || (context.fsc() & FSC_RESERVED) != 0
                || (context.msiptp() & FSC_RESERVED) != 0
                || ((context.msiMask() | context.msiPattern()) & MSI_RESERVED) != 0;
    }

    private boolean transactionRules(DeviceContext context) {
        boolean ats = context.has(DeviceContext.EN_ATS);
        boolean pri = context.has(DeviceContext.EN_PRI);
        boolean t2gpa = context.has(DeviceContext.T2GPA);
        if ((ats || pri || context.has(DeviceContext.PRPR)) && !capabilities.ats()) {
            return false;
        }
        if ((t2gpa || pri) && !ats || context.has(DeviceContext.PRPR) && !pri) {
            return false;
        }
        return !t2gpa || capabilities.t2gpa() && context.secondMode() != DeviceContext.BARE;
    }

    private boolean firstStageRules(DeviceContext context) {
        if (context.has(DeviceContext.PDTV)) {
            return context.firstMode() == DeviceContext.BARE
                    || capabilities.processDirectory(context.firstMode());
        }
        return !context.has(DeviceContext.DPE)
                && firstStageMode(context.firstMode(), context.has(DeviceContext.SXL));
    }

    /// Whether a first stage can have a mode.
    ///
    /// @param narrow DC.tc.SXL
    boolean firstStageMode(int mode, boolean narrow) {
        if (mode == DeviceContext.BARE) {
            return true;
        }
        return narrow ? mode == 8 && capabilities.sv32() : capabilities.firstStageLevels(mode - 5);
    }

    private boolean secondStageRules(DeviceContext context, int control) {
        int mode = context.secondMode();
        if (mode == DeviceContext.BARE) {
            return !context.hasMsiTable();
        }
        boolean supported =
                (control & RiscvRegisters.GXL) != 0
                        ? mode == 8 && capabilities.sv32x4()
                        : capabilities.secondStageLevels(mode - 5);
        return supported
                && (context.iohgatp() & GUEST_ROOT_LOW) == 0
                && DeviceContext.mode(context.msiptp()) <= 1;
    }

    /// Byte order and width of the supervisor's tables.
    private boolean widthRules(DeviceContext context, int control) {
        boolean big = (control & RiscvRegisters.BE) != 0;
        boolean orderFixed = !capabilities.bothByteOrders() || !capabilities.byteOrderSelectable();
        if (context.has(DeviceContext.SBE) != big && orderFixed) {
            return false;
        }
        boolean narrowGuest = (control & RiscvRegisters.GXL) != 0;
        return context.has(DeviceContext.SXL)
                ? narrowGuest || capabilities.guestWidthSelectable()
                : !narrowGuest;
    }

    /// Whether a process context is well formed in a device context.
    boolean accepts(ProcessContext process, DeviceContext context) {
        return (process.ta() & PROCESS_TA_RESERVED) == 0
                && (process.fsc() & FSC_RESERVED) == 0
                && firstStageMode(process.firstMode(), context.has(DeviceContext.SXL));
    }
}
