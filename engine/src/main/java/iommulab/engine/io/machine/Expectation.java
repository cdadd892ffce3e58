package iommulab.engine.io.machine;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Value;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.Call;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;

/// What a saved machine promises to do: a sample's claim, checked by the build; a lesson's task, checked
/// when it is handed in.
public sealed interface Expectation {
    /// Two functions share an IOMMU group.
    record Together(PciAddress first, PciAddress second) implements Expectation {}

    /// Two functions have a group each, and not the same.
    record Apart(PciAddress first, PciAddress second) implements Expectation {}

    /// One DMA, issued after those expected before it, ends in a certain way.
    ///
    /// @param prefix its PASID prefix, if it has one
    /// @param outcome how it ends
    /// @param target hpa that it reaches; 0 if it reaches nothing
    /// @param reason name of the fault that stops it; empty if it does not matter
    /// @param reads entries that the IOMMU reads from memory for it; empty if it does not matter
    record Dma(
            PciAddress device,
            long iova,
            int bytes,
            Access access,
            PasidPrefix prefix,
            DmaOutcome outcome,
            long target,
            Optional<String> reason,
            OptionalInt reads)
            implements Expectation {

        /// A request without a PASID prefix, whatever the reason and the reads.
        public Dma(
                PciAddress device,
                long iova,
                int bytes,
                Access access,
                DmaOutcome outcome,
                long target) {
            this(
                    device,
                    iova,
                    bytes,
                    access,
                    PasidPrefix.NONE,
                    outcome,
                    target,
                    Optional.empty(),
                    OptionalInt.empty());
        }
    }

    /// The same machine with an IOMMU of another architecture, on which the DMAs expected of it are issued one
    /// after the other, beginning with empty caches.
    record On(Architecture architecture, Dma dma) implements Expectation {}

    /// The commands of the journal have caused each of these faults exactly once.
    ///
    /// @param reasons names of faults
    record Caused(List<String> reasons) implements Expectation {
        public Caused {
            reasons = List.copyOf(reasons);
        }
    }

    /// One call of the kernel, made after those expected before it, is answered in a certain way.
    ///
    /// @param errno such as `EBUSY`; empty if it succeeds
    /// @param returns fields that it writes back; others do not matter
    record Answered(Call call, String errno, SequencedMap<String, Value> returns)
            implements Expectation {
        public Answered {
            returns = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(returns));
        }

        /// Whether an answer is as expected.
        public boolean fits(Answer answer) {
            return errno.equals(answer.errno())
                    && returns.entrySet().stream()
                            .allMatch(field ->
                                    field.getValue().equals(answer.returns().get(field.getKey())));
        }
    }
}
