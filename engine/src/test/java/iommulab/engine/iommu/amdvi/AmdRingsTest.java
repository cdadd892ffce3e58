package iommulab.engine.iommu.amdvi;

import static iommulab.engine.iommu.amdvi.AmdLab.COMMANDS;
import static iommulab.engine.iommu.amdvi.AmdLab.RW;
import static iommulab.engine.iommu.amdvi.AmdLab.U;
import static iommulab.engine.iommu.amdvi.AmdLab.W;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.CacheShapes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

/// Command buffer, event log, page request log.
class AmdRingsTest {
    private static final int NIC = 0x0300;
    private static final long IOVA = 0x12_3000;
    private static final long STATUS_WORD = 0x5_0000;

    private final AmdLab lab = new AmdLab(CacheShapes.USUAL);

    private long mapped() {
        long table = lab.table();
        lab.attach(NIC, 7, 3, table);
        return lab.map(table, 3, IOVA, 0x5000_0000L, 1, RW);
    }

    // ---- commands

    @Test
    void aWaitStoresItsDataWhenAllBeforeItIsDone() {
        lab.submit(AmdCommand.invalidateAll());
        lab.submit(AmdCommand.waitAndStore(0xabcd_0123_4567L, STATUS_WORD));
        assertThat(lab.memory.read64(STATUS_WORD)).isEqualTo(0xabcd_0123_4567L);
        assertThat(lab.unit.commands().recent())
                .extracting(AmdCommand::toString)
                .containsExactly("wait, store 0xabcd01234567 to 0x50000", "everything");
        assertThat(lab.status() & AmdRegisters.WAIT_INTERRUPT).isZero();
        lab.submit(AmdCommand.waitAndInterrupt());
        assertThat(lab.status() & AmdRegisters.WAIT_INTERRUPT).isNotZero();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0x9000000000000000, 0", "0x2000000000010000, 0", "0x3000000000000000, 8"})
    void anIllegalCommandStopsTheBufferAndIsLogged(String low, long high) {
        long bits = low.equals("0") ? 0 : Long.parseUnsignedLong(low.substring(2), 16);
        lab.submit(new AmdCommand(bits, high));
        assertThat(lab.status() & AmdRegisters.COMMAND_RUN).isZero();
        var event = lab.event().orElseThrow();
        assertThat(event.code()).isEqualTo(AmdEvent.ILLEGAL_COMMAND_ERROR);
        assertThat(event.high()).isEqualTo(COMMANDS);
        assertThat(lab.unit.commands().head()).isZero();
    }

    @Test
    void softwareStartsAStoppedBufferAgain() {
        lab.submit(new AmdCommand(0, 0));
        lab.submit(AmdCommand.waitAndStore(1, STATUS_WORD));
        assertThat(lab.memory.read64(STATUS_WORD)).isZero();
        lab.memory.write64(COMMANDS, AmdCommand.invalidateAll().low());
        long control = lab.unit.registers().control();
        lab.setRegister(AmdRegisters.CONTROL, control & ~AmdRegisters.COMMANDS);
        lab.setRegister(AmdRegisters.CONTROL, control);
        assertThat(lab.memory.read64(STATUS_WORD)).isEqualTo(1);
    }

    @Test
    void aBufferWithoutMemoryIsAHardwareError() {
        lab.setRegister(AmdRegisters.COMMAND_BASE, 1L << 40 | 8L << 56);
        lab.setRegister(AmdRegisters.COMMAND_TAIL, 16);
        assertThat(lab.event().orElseThrow().code()).isEqualTo(AmdEvent.COMMAND_HARDWARE_ERROR);
    }

    @Test
    void aForgottenInvalidationShowsAsStaleAndItsCommandIsNamed() {
        long leaf = mapped();
        lab.read(NIC, IOVA);
        lab.memory.write64(leaf, 0x6000_0000L | RW | 1);
        assertThat(lab.read(NIC, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(lab.unit.lastWasStale()).isTrue();
        assertThat(lab.stale())
                .containsExactly("INVALIDATE_IOMMU_PAGES, domain 7, 0x123000, 4 KiB");
        lab.submit(AmdCommand.invalidateHostPages(7, AmdCommand.pages(IOVA, 0), false));
        assertThat(lab.read(NIC, IOVA)).isEqualTo(0x6000_0000L);
        assertThat(lab.unit.lastWasStale()).isFalse();
        assertThat(lab.stale()).isEmpty();
    }

    @Test
    void anotherDeviceEntryIsStaleUntilItIsInvalidated() {
        mapped();
        lab.read(NIC, IOVA);
        lab.attach(NIC, 8, 3, lab.table());
        assertThat(lab.stale())
                .anyMatch(missing -> missing.startsWith("INVALIDATE_DEVTAB_ENTRY, device 03:00.0"));
        lab.submit(AmdCommand.invalidateDeviceEntry(NIC));
        lab.submit(AmdCommand.invalidateDomain(7));
        assertThat(lab.stale()).isEmpty();
        assertThat(lab.read(NIC, IOVA)).isEqualTo(-2);
    }

    @Test
    void onlyWithPdeDoCachedTablesGo() {
        mapped();
        lab.read(NIC, IOVA);
        lab.submit(AmdCommand.invalidateHostPages(7, AmdCommand.pages(IOVA, 0), false));
        assertThat(lab.lines(CacheKind.IOTLB)).isEmpty();
        assertThat(lab.lines(CacheKind.PAGING_STRUCTURE)).isNotEmpty();
        lab.submit(AmdCommand.invalidateHostPages(7, AmdCommand.pages(IOVA, 0), true));
        assertThat(lab.lines(CacheKind.PAGING_STRUCTURE)).isEmpty();
    }

    @Test
    void aPrefetchFillsTheCachesAndLogsNothing() {
        mapped();
        lab.submit(AmdCommand.prefetch(NIC, -1, IOVA, 2, false));
        assertThat(lab.event()).isEmpty();
        assertThat(lab.read(NIC, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void aPrefetchThatForgetsFirstFindsWhatTheTablesSayNow() {
        long leaf = mapped();
        lab.read(NIC, IOVA);
        lab.memory.write64(leaf, 0x6000_0000L | RW | 1);
        lab.submit(AmdCommand.prefetch(NIC, -1, IOVA, 1, true));
        assertThat(lab.read(NIC, IOVA)).isEqualTo(0x6000_0000L);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    // ---- events

    @Test
    void aFullLogStopsAndSaysSo() {
        lab.attach(NIC, 7, 3, lab.table());
        for (int i = 0; i < 255; i++) {
            lab.read(NIC, i * 4096L);
            assertThat(lab.unit.lastRecorded()).isTrue();
        }
        assertThat(lab.status() & AmdRegisters.EVENT_OVERFLOW).isZero();
        lab.read(NIC, 0);
        assertThat(lab.unit.lastRecorded()).isFalse();
        assertThat(lab.status() & (AmdRegisters.EVENT_OVERFLOW | AmdRegisters.EVENT_RUN))
                .isEqualTo(AmdRegisters.EVENT_OVERFLOW);
        assertThat(lab.unit.faultsLost()).isTrue();
    }

    @Test
    void softwareStartsAStoppedLogAgain() {
        aFullLogStopsAndSaysSo();
        long control = lab.unit.registers().control();
        lab.setRegister(AmdRegisters.CONTROL, control & ~AmdRegisters.EVENT_LOG);
        lab.setRegister(AmdRegisters.EVENT_HEAD, lab.unit.events().tail());
        lab.setRegister(AmdRegisters.STATUS, AmdRegisters.EVENT_OVERFLOW);
        lab.setRegister(AmdRegisters.CONTROL, control);
        lab.read(NIC, 0);
        assertThat(lab.unit.lastRecorded()).isTrue();
    }

    @Test
    void withSeOnlyTheFirstPageFaultOfADeviceIsLogged() {
        lab.deviceEntry(NIC, lab.table() | 3 << 9 | RW | 3, 7 | AmdLab.SE, 0);
        lab.read(NIC, 0);
        assertThat(lab.event()).isPresent();
        lab.read(NIC, 0x1000);
        assertThat(lab.event()).isEmpty();
        lab.submit(AmdCommand.invalidateDeviceEntry(NIC));
        lab.read(NIC, 0x1000);
        assertThat(lab.event()).isPresent();
    }

    @Test
    void withSaNoPageFaultIsLoggedButOtherEventsAre() {
        lab.deviceEntry(NIC, 1L << 40 | 3 << 9 | RW | 3, 7 | AmdLab.SA, 0);
        lab.read(NIC, 1L << 45);
        assertThat(lab.event()).isEmpty();
        lab.read(NIC, 0);
        assertThat(lab.event().orElseThrow().code()).isEqualTo(AmdEvent.PAGE_TAB_HARDWARE_ERROR);
    }

    // ---- going back

    @Test
    void goingBackRestoresRingsCachesAndRegisters() {
        long root = lab.table();
        long gcr3 = lab.table();
        lab.attachGuest(NIC, 7, 0, 0, gcr3, 1, 4, 0);
        lab.setGcr3(gcr3, 1, 5, root);
        lab.mapGuest(root, 4, IOVA, 0x5000_0000L, 1, W | U, 0);
        lab.read(NIC, 5, IOVA);
        var then = lab.unit.checkpoint();
        var memory = lab.memory.checkpoint();
        long hash = lab.unit.stateHash();
        lab.read(NIC, 5, 0);
        lab.submit(AmdCommand.invalidateAll());
        lab.setRegister(AmdRegisters.EXCLUSION_BASE, 0x1001);
        assertThat(lab.unit.stateHash()).isNotEqualTo(hash);
        lab.unit.restore(then);
        lab.memory.restore(memory);
        assertThat(lab.unit.stateHash()).isEqualTo(hash);
        lab.read(NIC, 5, IOVA);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void theRingsInUseAreTold() {
        lab.read(NIC, 0);
        lab.submit(AmdCommand.invalidateAll());
        assertThat(lab.unit.queues())
                .extracting(queue -> queue.name() + " " + queue.recent())
                .containsExactly(
                        "command buffer [everything]", "event log []", "page request log []");
    }

    @Test
    void everyCommandIsTakenAndTheBufferGoesOn() {
        var all =
                List.of(
                        AmdCommand.invalidateDeviceEntry(3),
                        AmdCommand.invalidateHostPages(7, AmdCommand.pages(0x1000, 0), true),
                        AmdCommand.invalidateGuestPages(7, 5, AmdCommand.pages(0, 51), true),
                        AmdCommand.invalidateDomain(7),
                        AmdCommand.invalidateDevicePages(3, 0, -1, AmdCommand.pages(0, 51)),
                        AmdCommand.invalidateInterruptTable(3),
                        AmdCommand.completePageRequest(3, 5, 1, 0),
                        AmdCommand.invalidateAll(),
                        AmdCommand.waitAndInterrupt());
        for (var command : all) {
            lab.submit(command);
            assertThat(lab.unit.registers().read64(AmdRegisters.COMMAND_HEAD))
                    .as("%s", command)
                    .isEqualTo(lab.unit.registers().read64(AmdRegisters.COMMAND_TAIL));
        }
        assertThat(lab.event()).isEmpty();
    }
}
