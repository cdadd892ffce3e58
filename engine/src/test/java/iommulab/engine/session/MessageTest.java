package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Walk;
import iommulab.engine.os.Invalidation;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.junit.jupiter.api.Test;

import java.util.OptionalInt;

/// What a write of 4 bytes carries, in a whole machine: into memory, or into an interrupt file that lies in
/// memory (RISC-V).
class MessageTest {
    private static final PciAddress DEVICE = ArchitectureBench.DEVICE;
    private static final long BUFFER = 0x4000_0000L;
    private static final long BUFFER_PAGE = 0x100_0000L;
    private static final long MESSAGES = 0x2800_0000L;
    private static final long FILE = 0x100_2200L;
    private static final long NOTICE = 0x100_3000L;

    private ArchitectureBench bench;

    private void on(Architecture architecture) throws CommandRefused {
        bench = new ArchitectureBench(architecture);
        int domain = bench.created(new Command.CreateDomain(DEVICE, DomainType.UNMANAGED, 0));
        bench.map(domain, BUFFER, BUFFER_PAGE, 0x1000, Permissions.READ_WRITE);
        bench.run(new Command.AttachDevice(DEVICE, domain));
    }

    /// The page at 0x28000000 is an interrupt file in memory, as a hypervisor writes it down.
    private void withInterruptFile() throws CommandRefused {
        on(Architecture.RISCV);
        long context =
                walk().steps().stream()
                        .filter(step -> step.name().equals("Device context"))
                        .findFirst()
                        .orElseThrow()
                        .entryHpa();
        long table = BUFFER_PAGE + 0x1000;
        write(table, FILE >>> 9 << 7 | 1 << 1 | 1);
        write(table + 8, NOTICE >>> 12 << 10 | 37);
        write(context + 0x30, MESSAGES >>> 12);
        write(context + 0x20, 1L << 60 | table >>> 12);
        var contexts = new Invalidation.ContextDevice(0, requester(), 0);
        bench.run(new Command.Invalidate(unit().name(), contexts, true));
    }

    private Unit unit() {
        return bench.machine.units.getFirst();
    }

    private int requester() {
        return bench.machine.wiring().fabric().requesterId(DEVICE).raw();
    }

    private void write(long hpa, long value) throws CommandRefused {
        bench.run(new Command.WriteMemory(hpa, value));
    }

    private Walk walk() throws CommandRefused {
        return bench.machine.explain(
                new WalkQuestion(DEVICE, BUFFER, 4, Access.READ, PasidPrefix.NONE, false));
    }

    private DmaEvent send(long iova, int data) throws CommandRefused {
        return send(iova, AddressType.UNTRANSLATED, data);
    }

    private DmaEvent send(long iova, AddressType type, int data) throws CommandRefused {
        var request =
                new Command.IssueDma(
                        DEVICE,
                        iova,
                        4,
                        Access.WRITE,
                        PasidPrefix.NONE,
                        type,
                        OptionalInt.of(data));
        return ((Outcome.DmaFinished) bench.run(request)).event();
    }

    private long memory(long hpa) {
        return bench.machine.memory.read64(hpa);
    }

    // ---- data

    @Test
    void dataThatAWriteCarriesLieInMemory() throws CommandRefused {
        on(Architecture.VTD_LEGACY);
        assertThat(send(BUFFER + 8, 0x1234_5678).target()).isEqualTo(BUFFER_PAGE + 8);
        assertThat(memory(BUFFER_PAGE + 8)).isEqualTo(0x1234_5678L);
    }

    @Test
    void dataOfAWriteThatFaultsLieNowhere() throws CommandRefused {
        on(Architecture.VTD_LEGACY);
        assertThat(send(BUFFER + 0x1000, 0x1234_5678).outcome()).isEqualTo(DmaOutcome.FAULT);
        assertThat(memory(0)).isNotEqualTo(0x1234_5678L);
    }

    @Test
    void aReadCarriesNoData() throws CommandRefused {
        on(Architecture.VTD_LEGACY);
        var read =
                new Command.IssueDma(
                        DEVICE,
                        BUFFER,
                        4,
                        Access.READ,
                        PasidPrefix.NONE,
                        AddressType.UNTRANSLATED,
                        OptionalInt.of(1));
        assertThatThrownBy(() -> bench.run(read)).hasMessageContaining("carries no data");
    }

    // ---- an interrupt file in memory

    @Test
    void aMessageEndsInTheFileAndItsNoticeInMemory() throws CommandRefused {
        withInterruptFile();
        long interrupts = bench.machine.counters().interrupts();
        var event = send(MESSAGES, 70);
        assertThat(event.outcome()).isEqualTo(DmaOutcome.INTERRUPT);
        assertThat(event.target()).isEqualTo(FILE + 0x10);
        assertThat(event.note()).startsWith("interrupt 70 is pending in the file at 0x1002200");
        assertThat(memory(FILE + 0x10)).isEqualTo(1L << 70 - 64);
        assertThat(memory(NOTICE)).isEqualTo(37);
        assertThat(bench.machine.counters().interrupts()).isEqualTo(interrupts + 1);
    }

    @Test
    void theIommusOwnAccessesCostAsReadsDo() throws CommandRefused {
        withInterruptFile();
        send(MESSAGES, 70);
        long discarded = send(MESSAGES + 8, 70).cycles();
        long stored = send(MESSAGES, 70).cycles();
        assertThat(stored - discarded).isEqualTo(2 * CostEvent.MEMORY_READ.defaultCycles());
    }

    @Test
    void whatIsDiscardedChangesNoMemory() throws CommandRefused {
        withInterruptFile();
        assertThat(send(MESSAGES + 8, 1).outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(send(MESSAGES, 2048).outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(memory(FILE)).isZero();
        assertThat(memory(FILE + 8)).isZero();
        assertThat(memory(NOTICE)).isZero();
    }

    @Test
    void aDeviceWithATlbIsToldToSendMessagesUntranslated() throws CommandRefused {
        withInterruptFile();
        bench.run(new Command.SetAts(DEVICE, true));
        assertThat(send(MESSAGES, 3).outcome()).isEqualTo(DmaOutcome.INTERRUPT);
        assertThat(memory(FILE)).isEqualTo(1L << 3);
        assertThat(send(MESSAGES, AddressType.TRANSLATION_REQUEST, 3).note())
                .isEqualTo("the answer: untranslated requests only");
    }

    @Test
    void theWalkShowsWhatTheIommuDoesItselfAndDoesItNot() throws CommandRefused {
        withInterruptFile();
        var walk =
                bench.machine.explain(
                        new WalkQuestion(
                                DEVICE, MESSAGES, 4, Access.WRITE, PasidPrefix.NONE, true));
        assertThat(walk.steps().getLast().name())
                .isEqualTo("Write to the interrupt file in memory");
        assertThat(walk.steps().getLast().finding())
                .isEqualTo(
                        "interrupt pending in the file at 0x1002200, then notice 37 to 0x1003000");
        assertThat(memory(FILE)).isZero();
    }

    @Test
    void anAccessOfAnotherSizeIsAborted() throws CommandRefused {
        withInterruptFile();
        var wide = new Command.IssueDma(DEVICE, MESSAGES, 8, Access.WRITE, PasidPrefix.NONE);
        var event = ((Outcome.DmaFinished) bench.run(wide)).event();
        assertThat(event.outcome()).isEqualTo(DmaOutcome.BLOCKED);
        assertThat(event.note()).contains("aligned accesses of 4 bytes only");
    }
}
