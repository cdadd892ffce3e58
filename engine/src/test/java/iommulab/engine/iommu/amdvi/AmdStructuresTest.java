package iommulab.engine.iommu.amdvi;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.BitField;
import iommulab.engine.iommu.TableEntry;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AmdStructuresTest {
    private final AmdStructures structures = new AmdStructures(AmdCapabilities.EVERYTHING);

    @Test
    void theBitTablesReserveWhatTheUnitRefuses() {
        assertThat(structures.deviceTableEntry().reservedBits(0))
                .isEqualTo(DeviceTableEntry.RESERVED);
        for (int word = 1; word < 4; word++) {
            assertThat(structures.deviceTableEntry().reservedBits(word)).isZero();
        }
        for (int level = 1; level <= 3; level++) {
            assertThat(structures.gcr3Entry(level).reservedBits(0)).isEqualTo(Gcr3Table.RESERVED);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theBitTablesOfGuestEntriesReserveWhatTheWalkerRefuses(boolean noExecute) {
        long features = noExecute ? AmdCapabilities.EVERYTHING.features() : 1L << 4;
        var some = new AmdStructures(new AmdCapabilities(features, false));
        var format = new GuestTableFormat(noExecute, false);
        for (int level = 1; level <= 5; level++) {
            for (boolean leaf : new boolean[] {false, true}) {
                if (leaf ? level <= 3 : level > 1) {
                    assertThat(some.guestEntry(level, leaf).reservedBits(0))
                            .as("level %d, leaf %s", level, leaf)
                            .isEqualTo(format.reservedBits(level, leaf));
                }
            }
        }
    }

    @Property
    void aHostLeafWithAReservedBitIsRefused(
            @ForAll @IntRange(min = 1, max = 6) int level, @ForAll long bits) {
        var format = new HostTableFormat(false, true);
        long raw = bits & ~(7L << 9) | 1;
        boolean spoilt = (raw & structures.hostEntry(level, 0).reservedBits(0)) != 0;
        assertThat(TableEntry.kind(format.decode(raw, level, 0)))
                .isEqualTo(spoilt ? TableEntry.RESERVED : TableEntry.LEAF);
    }

    @ParameterizedTest
    @CsvSource({
        "DomainID, 1, 0x2a", "Mode, 0, 4", "HPTR, 0, 0x12345", "GLX, 0, 2",
                "GCR3[30:15], 1, 0xffff",
        "GuestPagingMode, 2, 1", "SysMgt, 1, 3", "IntTabLen, 2, 0xb", "EX, 1, 1", "HAD, 0, 3"
    })
    void aFieldWrittenIsTheFieldRead(String name, int word, String value) {
        BitField field = structures.deviceTableEntry().field(name);
        assertThat(field.word()).isEqualTo(word);
        long bits = Long.decode(value);
        assertThat(field.valueIn(field.into(-1, bits))).isEqualTo(bits);
        assertThat(field.into(-1, bits) | field.mask()).isEqualTo(-1);
    }

    @Property
    void whatIsKeptOfADeviceTableEntryGivesItBack(@ForAll long a, @ForAll long b, @ForAll long c) {
        long first =
                a & ~DeviceTableEntry.RESERVED & ~(7L << 9) & ~(2L << 56) | 4L << 9 | 1L << 55 | 3;
        long second = b & ~(1L << 37 | 1L << 38 | 1L << 42);
        long third = c & 1L << 54;
        long detail = DeviceTableEntry.detail(first, second, third, true, true);
        long word = DeviceTableEntry.pack(first, 9, detail);
        assertThat(DeviceTableEntry.unpack(word, detail, (int) second & 0xffff))
                .containsExactly(first, second, third, 0);
        assertThat(DeviceTableEntry.space(word)).isEqualTo(9);
    }

    @Test
    void everyCommandAndEventHasItsBitTable() {
        for (int opcode = 1; opcode <= 8; opcode++) {
            assertThat(AmdCommandStructures.of(opcode)).as("command %d", opcode).isPresent();
        }
        for (int code = 1; code <= 9; code++) {
            assertThat(AmdLogStructures.event(code)).as("event %d", code).isPresent();
        }
        assertThat(AmdCommandStructures.of(9)).isEmpty();
        assertThat(AmdLogStructures.event(0)).isEmpty();
    }

    @Test
    void everyCommandThatIsBuiltKeepsReservedBitsZero() {
        var commands =
                new AmdCommand[] {
                    AmdCommand.waitAndStore(-1, 0x1_2345_6788L),
                    AmdCommand.waitAndInterrupt(),
                    AmdCommand.invalidateDeviceEntry(0xffff),
                    AmdCommand.invalidateHostPages(0xffff, AmdCommand.pages(-1, 9), true),
                    AmdCommand.invalidateGuestPages(
                            0xffff, 0xf_ffff, AmdCommand.ALL_PAGES | 1, true),
                    AmdCommand.invalidateDomain(7),
                    AmdCommand.invalidateDevicePages(
                            0xffff, 3, 0xa_bcde, AmdCommand.pages(0x1000, 0)),
                    AmdCommand.invalidateInterruptTable(0xffff),
                    AmdCommand.prefetch(0xffff, 0xf_ffff, -1, 256, true),
                    AmdCommand.completePageRequest(0xffff, 0xf_ffff, 0x1ff, 15),
                    AmdCommand.invalidateAll()
                };
        for (var command : commands) {
            assertThat(command.isValid(AmdCapabilities.EVERYTHING)).as("%s", command).isTrue();
        }
        assertThat(commands[6].pasid()).isEqualTo(0xa_bcde);
        assertThat(commands[8].prefetchPages()).isEqualTo(256);
        assertThat(commands[9].group()).isEqualTo(0x1ff);
    }

    @Property
    void theAddressOfPagesTellsTheirSize(
            @ForAll long address, @ForAll @IntRange(max = 51) int pageBits) {
        var command = AmdCommand.invalidateHostPages(1, AmdCommand.pages(address, pageBits), false);
        assertThat(command.rangeBits()).isEqualTo(12 + pageBits);
        assertThat(command.rangeStart()).isEqualTo(address & -4096L << pageBits);
    }

    @Test
    void theLargestSizeIsEverything() {
        var command = AmdCommand.invalidateDomain(1);
        assertThat(command.rangeBits()).isEqualTo(64);
        assertThat(command.rangeStart()).isZero();
    }
}
