package iommulab.engine.os;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.smmuv3.EventRecord;
import iommulab.engine.iommu.smmuv3.SmmuFault;
import iommulab.engine.pci.RequesterId;

import java.util.List;

/// The lines that the Linux kernel prints when an IOMMU reports a fault.
public final class KernelLog {
    private KernelLog() {}

    private static final List<String> EVENT_CLASSES =
            List.of(
                    "CD fetch",
                    "Stage 1 translation table fetch",
                    "Input address caused fault",
                    "Reserved");

    /// An event of an SMMUv3. Source: kernel `arm_smmu_dump_event`.
    public static List<String> smmuEvent(EventRecord event) {
        var fault = SmmuFault.ofCode(event.type());
        var head =
                "arm-smmu-v3: event: %s client: 0000:%s sid: %s ssid: %s"
                        .formatted(
                                fault.map(SmmuFault::kernelText).orElse("UNKNOWN"),
                                new RequesterId(event.stream() & 0xffff),
                                hash(event.stream()),
                                hash(Math.max(0, event.substream())));
        if (fault.isEmpty()) {
            return List.of(head);
        }
        return switch (fault.get()) {
            case TRANSLATION, ADDRESS_SIZE, ACCESS_FLAG, PERMISSION ->
                    List.of(
                            "%s iova: %s ipa: %s"
                                    .formatted(head, hash(event.word2()), hash(event.word3())),
                            "arm-smmu-v3: %s %s %s %s \"%s\"%s stag: %s"
                                    .formatted(
                                            event.isPrivileged() ? "priv" : "unpriv",
                                            event.isInstruction() ? "inst" : "data",
                                            event.isRead() ? "read" : "write",
                                            event.isSecondStage() ? "s2" : "s1",
                                            EVENT_CLASSES.get(event.eventClass()),
                                            event.isStalled() ? " stall" : "",
                                            hash(event.tag())));
            case STREAM_FETCH, DESCRIPTOR_FETCH ->
                    List.of("%s fetch_addr: %s".formatted(head, hash(event.word3())));
            case UNSUPPORTED_UPSTREAM,
                    BAD_STREAM_ID,
                    BAD_STREAM_ENTRY,
                    BAD_ATS_REQUEST,
                    STREAM_DISABLED,
                    TRANSLATED_FORBIDDEN,
                    BAD_SUBSTREAM_ID,
                    BAD_DESCRIPTOR,
                    WALK_ABORT ->
                    List.of(head);
        };
    }

    /// As `%#llx` prints a number: 0 has no prefix.
    private static String hash(long number) {
        return number == 0 ? "0" : "0x" + Long.toHexString(number);
    }

    /// A fault of a RISC-V IOMMU. Source: kernel `riscv_iommu_fault`.
    ///
    /// @param head first word of the record
    public static String riscvFault(long head, long iotval, long iotval2) {
        return "riscv-iommu: Fault %d devid: 0x%x iotval: %x iotval2: %x"
                .formatted(head & 0xfff, head >>> 40 & 0xff_ffff, iotval, iotval2);
    }

    /// A fault of a VT-d unit. Source: kernel `dmar_fault`, `dmar_fault_do_one`.
    ///
    /// @param iova as the fault record holds it: low 12 bits zero
    public static List<String> dmarFault(
            RequesterId requester,
            PasidPrefix prefix,
            long iova,
            Access access,
            FaultReason reason) {
        return List.of(
                "DMAR: DRHD: handling fault status reg 2",
                "DMAR: [DMA %s %s] Request device [%s] fault addr 0x%x [fault reason 0x%02x] %s"
                        .formatted(
                                access == Access.READ ? "Read" : "Write",
                                prefix.isPresent()
                                        ? "PASID 0x%x".formatted(prefix.pasid())
                                        : "NO_PASID",
                                requester,
                                iova & -4096L,
                                reason.code(),
                                reason.kernelText()));
    }
}
