package iommulab.app.faults;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabMachine;
import iommulab.app.LabMachine.Reason;
import iommulab.app.faults.Cause.Verdict;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;

import org.junit.jupiter.api.Test;

class FaultsModelTest {
    private static LabMachine gpuWrites(LabMachine machine, long iova) {
        return machine.fault(
                LabMachine.GPU,
                LabMachine.GPU.requesterId(),
                iova,
                Access.WRITE,
                Reason.WRITE_CLEAR);
    }

    private static FaultsModel.Case explained(MachineSnapshot machine) {
        return FaultsModel.of(machine, new Subject.Nothing()).chosen().orElseThrow();
    }

    private static Verdict verdict(MachineSnapshot machine, String title) {
        return explained(machine).causes().stream()
                .filter(c -> c.title().equals(title))
                .map(Cause::verdict)
                .findFirst()
                .orElseThrow(() -> new AssertionError(explained(machine).causes()));
    }

    @Test
    void faultsOfOneDeviceReasonAndPageAreOneKind() {
        var machine = gpuWrites(gpuWrites(new LabMachine(), 0x1000), 0x1ff8);
        var kinds = FaultsModel.of(gpuWrites(machine, 0x2000).snapshot(), new Subject.Nothing());
        assertThat(kinds.kinds().stream().map(k -> k.what() + " ×" + k.count()))
                .containsExactly("write 0x2000 ×1", "write 0x1ff8 ×2");
    }

    @Test
    void theKernelsLinesAreShownExactly() {
        var machine = gpuWrites(new LabMachine(), LabMachine.UNMAPPED).snapshot();
        assertThat(explained(machine).kernelLines().getLast())
                .isEqualTo(
                        "DMAR: [DMA Write NO_PASID] Request device [03:00.0] fault addr 0xffdc2000"
                                + " [fault reason 0x05] PTE Write access is not set");
    }

    @Test
    void aPageThatNobodyMappedIsFoundAsTheCause() {
        var machine = gpuWrites(new LabMachine(), LabMachine.UNMAPPED).snapshot();
        assertThat(explained(machine).finding())
                .isEqualTo("03:00.0 wrote to 0xffdc2000, which domain 3 does not map.");
        assertThat(verdict(machine, "Nothing maps the page")).isEqualTo(Verdict.FOUND);
    }

    @Test
    void anUnmapBeforeTheFaultIsNamedWithItsNumber() {
        var lab =
                new LabMachine()
                        .did("Create", "domain.create(like=0000:03:00.0, type=unmanaged, levels=4)")
                        .did(
                                "Unmap",
                                "domain.unmap(domain=3, iova=0xffdc0000, bytes=0x4000,"
                                        + " flush=true)");
        var machine = gpuWrites(lab, LabMachine.UNMAPPED).snapshot();
        assertThat(explained(machine).finding())
                .isEqualTo("03:00.0 wrote to 0xffdc2000 after #2 had unmapped the page.");
    }

    @Test
    void anUnmapOfAnotherDomainIsNoCause() {
        var lab =
                new LabMachine()
                        .did(
                                "Unmap",
                                "domain.unmap(domain=4, iova=0xffdc0000, bytes=0x4000,"
                                        + " flush=true)");
        var machine = gpuWrites(lab, LabMachine.UNMAPPED).snapshot();
        assertThat(verdict(machine, "Unmapped while the device still used it"))
                .isEqualTo(Verdict.RULED_OUT);
    }

    @Test
    void aReadOnlyMappingIsFoundForAWrite() {
        var lab = new LabMachine().mapping(0xffdc_0000L, 0x8_0000, 0x4000, Permissions.READ);
        var machine = gpuWrites(lab, LabMachine.UNMAPPED).snapshot();
        assertThat(explained(machine).finding())
                .isEqualTo("03:00.0 wrote to 0xffdc2000, which is mapped with r- only.");
    }

    @Test
    void aBridgesNameOnARequestIsExplained() {
        var machine =
                new LabMachine()
                        .fault(
                                LabMachine.SOUND,
                                new RequesterId(0x0800),
                                LabMachine.UNMAPPED,
                                Access.READ,
                                Reason.READ_CLEAR)
                        .snapshot();
        assertThat(verdict(machine, "Another name on the way")).isEqualTo(Verdict.POSSIBLE);
        assertThat(explained(machine).kind().device()).isEqualTo("08:01.0 as 08:00.0");
    }

    @Test
    void causesThatHoldStandAboveThoseRuledOut() {
        var machine = gpuWrites(new LabMachine(), LabMachine.UNMAPPED).snapshot();
        assertThat(explained(machine).causes())
                .isSortedAccordingTo(java.util.Comparator.comparing(Cause::verdict));
    }

    @Test
    void aFaultRecordIsDecodedAsTheSpecificationLaysItOut() {
        var machine = gpuWrites(new LabMachine(), LabMachine.UNMAPPED).snapshot();
        var register = explained(machine).registers().getFirst();
        assertThat(register.high()).isEqualTo("8000 0005 0000 0800");
        assertThat(register.highMeaning()).isEqualTo("F 1, T1 0, FR 05, SID 0800");
        assertThat(register.lowMeaning()).isEqualTo("FI ffdc2");
        assertThat(register.meaning())
                .contains("FR: reason 05h", "SID: from 08:00.0", "FI: page at 0xffdc2000");
    }

    @Test
    void clearingFaultsNamesOnlyUnitsThatHoldSome() {
        assertThat(FaultsActions.clear(new LabMachine().snapshot())).isEmpty();
        assertThat(FaultsActions.clear(gpuWrites(new LabMachine(), 0x1000).snapshot()))
                .containsExactly(new Command.ClearFaults("dmar0"));
    }

    @Test
    void aFaultIsMadeByReadingAPageThatIsNotMapped() {
        var machine =
                new LabMachine()
                        .mapping(0x1000, 0x8000, 0x1000, Permissions.READ_WRITE)
                        .mapping(0x2000, 0xa000, 0x1000, Permissions.READ_WRITE)
                        .snapshot();
        assertThat(FaultsActions.makeOne(machine))
                .contains(new Command.IssueDma(LabMachine.GPU, 0x3000, 64, Access.READ));
    }

    @Test
    void noFaultIsNoKind() {
        assertThat(FaultsModel.of(new LabMachine().snapshot(), new Subject.Nothing()).kinds())
                .isEmpty();
    }
}
