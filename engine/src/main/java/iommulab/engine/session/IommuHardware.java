package iommulab.engine.session;

import iommulab.engine.firmware.FirmwareTables;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.group.KernelParameters;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.amdvi.AmdCapabilities;
import iommulab.engine.iommu.amdvi.AmdUnit;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.iommu.riscv.RiscvCapabilities;
import iommulab.engine.iommu.riscv.RiscvUnit;
import iommulab.engine.iommu.selftest.SelftestUnit;
import iommulab.engine.iommu.smmuv3.SmmuCapabilities;
import iommulab.engine.iommu.smmuv3.SmmuUnit;
import iommulab.engine.iommu.vtd.VtdCapabilities;
import iommulab.engine.iommu.vtd.VtdUnit;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.AmdDriver;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.os.RiscvDriver;
import iommulab.engine.os.ScalableDriver;
import iommulab.engine.os.SelftestDriver;
import iommulab.engine.os.SmmuDriver;
import iommulab.engine.os.VtdDriver;
import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.os.device.UnitTraits;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Which emulated hardware and which driver belong to an IOMMU that a machine describes: the only place
/// that tells the architectures apart.
final class IommuHardware {
    private static final int PASID_BITS = 20;
    private static final ReservedRange X86_MSI =
            new ReservedRange(0xfee0_0000L, 0xfeef_ffffL, ReservedRange.Kind.MSI);

    /// First iova of the window in which the kernel maps doorbells of an Arm machine.
    static final long DOORBELLS = 0x800_0000L;

    private static final ReservedRange ARM_MSI =
            new ReservedRange(DOORBELLS, 0x80f_ffffL, ReservedRange.Kind.SW_MSI);

    private IommuHardware() {}

    /// The hardware of a unit, null if the engine does not execute its architecture.
    ///
    /// @param seed of caches with random replacement
    static @Nullable Iommu of(
            IommuUnit unit, FirmwareTables firmware, PhysicalMemory memory, int seed) {
        if (unit.isVtd()) {
            int hostBits = firmware.dmar().map(dmar -> dmar.hostAddressBits()).orElse(52);
            return new VtdUnit(
                    vtdCapabilities(unit, Math.clamp(hostBits, 32, 52)),
                    memory,
                    CacheShapes.USUAL,
                    seed);
        }
        if (unit.isAmdVi()) {
            var all = AmdCapabilities.EVERYTHING;
            return new AmdUnit(
                    new AmdCapabilities(unit.ecap().orElse(all.features()), true),
                    memory,
                    CacheShapes.USUAL,
                    seed);
        }
        if (unit.isSmmu()) {
            return new SmmuUnit(SmmuCapabilities.EVERYTHING, memory, CacheShapes.USUAL, seed);
        }
        if (unit.isRiscv()) {
            return new RiscvUnit(RiscvCapabilities.EVERYTHING, memory, CacheShapes.USUAL, seed);
        }
        if (unit.isSelftest()) {
            return new SelftestUnit(memory, CacheShapes.USUAL, seed);
        }
        return null;
    }

    /// Registers that a capture does not know are taken to offer everything.
    private static VtdCapabilities vtdCapabilities(IommuUnit unit, int hostBits) {
        var all = VtdCapabilities.EVERYTHING;
        return new VtdCapabilities(
                unit.cap().orElse(all.cap()), unit.ecap().orElse(all.ecap()), hostBits);
    }

    /// Starts the driver of a unit.
    ///
    /// @param highestRequester of all functions, 16 bits
    /// @throws MappingRefused (ENOMEM) if no frame is left
    static IommuDriver driver(
            Iommu unit,
            KernelParameters kernel,
            PhysicalMemory memory,
            FrameAllocator frames,
            int highestRequester)
            throws MappingRefused {
        return switch (unit) {
            case VtdUnit vtd ->
                    vtd.capabilities().scalable() && kernel.scalableMode()
                            ? ScalableDriver.start(vtd, memory, frames)
                            : VtdDriver.start(vtd, memory, frames);
            case AmdUnit amd ->
                    AmdDriver.start(amd, TableStore.ofHost(memory, frames), highestRequester);
            case SmmuUnit smmu -> SmmuDriver.start(smmu, TableStore.ofHost(memory, frames));
            case RiscvUnit riscv -> RiscvDriver.start(riscv, TableStore.ofHost(memory, frames));
            case SelftestUnit selftest ->
                    SelftestDriver.start(
                            selftest, TableStore.ofHost(memory, frames), highestRequester);
            default -> throw new IllegalStateException("no driver for " + unit);
        };
    }

    /// What users of the kernel can do with a unit.
    static UnitTraits traits(Unit unit) {
        var description = unit.description();
        if (description.isSmmu()) {
            return traits(unit, "smmuv3", ARM_MSI, "", "arm_smmuv3", PASID_BITS);
        }
        if (description.isVtd()) {
            return traits(unit, "vtd", X86_MSI, "vtd_s1", "", PASID_BITS);
        }
        if (description.isSelftest()) {
            return new UnitTraits(
                    unit.name(),
                    "mock",
                    0x800,
                    0x100_0000,
                    0x7fff_ffff,
                    List.of(),
                    "selftest",
                    "selftest",
                    true,
                    false,
                    0);
        }
        return description.isAmdVi()
                ? traits(unit, "amd", X86_MSI, "", "amd", PASID_BITS)
                : traits(unit, "riscv", X86_MSI, "", "", PASID_BITS);
    }

    private static UnitTraits traits(
            Unit unit,
            String driver,
            ReservedRange interrupts,
            String nestedData,
            String viommuType,
            int pasidBits) {
        return new UnitTraits(
                unit.name(),
                driver,
                4096,
                0,
                (1L << 48) - 1,
                List.of(interrupts),
                nestedData,
                viommuType,
                marksWrites(unit),
                true,
                pasidBits);
    }

    /// Linux's driver of RISC-V lets nobody track writes, whatever the hardware can mark.
    private static boolean marksWrites(Unit unit) {
        return !unit.description().isRiscv()
                && (!unit.isEmulated() || unit.driver().tracksDirty(Stage.SECOND));
    }
}
