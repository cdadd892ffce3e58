package iommulab.engine.os;

import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.smmuv3.EventRecord;
import iommulab.engine.iommu.smmuv3.SmmuFault;
import iommulab.engine.os.device.GuestEvent;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Which events of an SMMUv3 are a guest's to read. Source: kernel `arm_smmu_handle_event`,
/// `arm_vmaster_report_event`.
final class SmmuEvents {
    private static final long STREAM = 0xffff_ffffL << 32;
    private static final Set<SmmuFault> OF_STAGE_1 =
            EnumSet.of(
                    SmmuFault.BAD_STREAM_ENTRY,
                    SmmuFault.STREAM_DISABLED,
                    SmmuFault.BAD_SUBSTREAM_ID,
                    SmmuFault.BAD_DESCRIPTOR,
                    SmmuFault.TRANSLATION,
                    SmmuFault.ADDRESS_SIZE,
                    SmmuFault.ACCESS_FLAG,
                    SmmuFault.PERMISSION);

    private SmmuEvents() {}

    /// What the host's stage has stopped the guest does not learn, nor what waits for an answer: that is for
    /// page request queues.
    static Optional<GuestEvent> forGuest(FaultRecord record) {
        var event = new EventRecord(record.low(), record.high(), record.third(), record.fourth());
        boolean known = SmmuFault.ofCode(event.type()).filter(OF_STAGE_1::contains).isPresent();
        if (!known || event.isSecondStage() || event.isStalled()) {
            return Optional.empty();
        }
        return Optional.of(virtualId ->
                List.of(
                        event.word0() & ~STREAM | virtualId << 32,
                        event.word1(),
                        event.word2(),
                        event.word3()));
    }
}
