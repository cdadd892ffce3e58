package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.smmuv3.SmmuCaches.TagTest;

import java.util.Optional;

/// Which tags a TLB invalidation covers; the address, if it has one, not counted.
/// Spec: SMMUv3, "TLB invalidation", "VMID Wildcards".
final class TlbReach {
    private TlbReach() {}

    /// @param host CR2.E2H
    /// @param wildVmidBits low bits of the VMID that do not count
    /// @return nothing if the command is about no translations
    static Optional<TagTest> of(
            SmmuCommand command, SmmuCapabilities capabilities, boolean host, int wildVmidBits) {
        int vmid = capabilities.stage2() ? command.vmid() >>> wildVmidBits : 0;
        int asid = command.asid() & (1 << capabilities.asidBits()) - 1;
        return Optional.ofNullable(
                switch (command.opcode()) {
                    case SmmuCommand.TLBI_NSNH_ALL ->
                            (owner, _, _) -> !StreamWorld.isHypervisor(owner);
                    case SmmuCommand.TLBI_S12_VMALL ->
                            (owner, _, _) -> owner >>> wildVmidBits == vmid;
                    case SmmuCommand.TLBI_NH_ALL, SmmuCommand.TLBI_NH_VAA ->
                            (owner, inner, _) ->
                                    owner >>> wildVmidBits == vmid && !Tag.isStage2(inner);
                    case SmmuCommand.TLBI_NH_ASID ->
                            (owner, inner, global) ->
                                    owner >>> wildVmidBits == vmid && isOf(asid, inner) && !global;
                    case SmmuCommand.TLBI_NH_VA ->
                            (owner, inner, global) ->
                                    owner >>> wildVmidBits == vmid
                                            && !Tag.isStage2(inner)
                                            && (isOf(asid, inner) || global);
                    case SmmuCommand.TLBI_S2_IPA ->
                            (owner, inner, _) ->
                                    owner >>> wildVmidBits == vmid && Tag.isStage2(inner);
                    case SmmuCommand.TLBI_EL2_ALL ->
                            (owner, _, _) -> StreamWorld.isHypervisor(owner);
                    case SmmuCommand.TLBI_EL2_ASID -> ofHost(asid);
                    case SmmuCommand.TLBI_EL2_VA -> ofHypervisor(host, asid);
                    case SmmuCommand.TLBI_EL2_VAA -> {
                        int hypervisor = StreamWorld.hypervisor(host).owner(0);
                        yield (owner, _, _) -> owner == hypervisor;
                    }
                    default -> null;
                });
    }

    private static boolean isOf(int asid, int inner) {
        return !Tag.isStage2(inner) && Tag.asid(inner) == asid;
    }

    private static TagTest ofHost(int asid) {
        int host = StreamWorld.EL2_E2H.owner(0);
        return (owner, inner, global) -> owner == host && isOf(asid, inner) && !global;
    }

    /// Without E2H there are no ASIDs, and the command's does not count.
    private static TagTest ofHypervisor(boolean host, int asid) {
        int hypervisor = StreamWorld.hypervisor(host).owner(0);
        return (owner, inner, global) ->
                owner == hypervisor && (!host || isOf(asid, inner) || global);
    }
}
