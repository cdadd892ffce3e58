package iommulab.engine.iommu.riscv;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.BitField;
import iommulab.engine.iommu.BitField.Use;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableEntry;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;

class RiscvStructuresTest {
    private static final RiscvCapabilities EVERYTHING = RiscvCapabilities.EVERYTHING;
    private static final long SVPBMT = 1L << 15;
    private static final long SVRSW60T59B = 1L << 14;

    @ParameterizedTest
    @ValueSource(longs = {0, SVPBMT, SVRSW60T59B, SVPBMT | SVRSW60T59B})
    void theBitTablesReserveWhatTheWalkerRefuses(long without) {
        var capabilities = without(without);
        var structures = new PageTableStructures(capabilities);
        for (var stage : Stage.values()) {
            var format = new PageTableFormat(capabilities, stage, false);
            for (int level = 1; level <= 5; level++) {
                for (boolean leaf : List.of(true, false)) {
                    if (level > 1 || leaf) {
                        var entry = structures.entry(stage, level, leaf);
                        long plain = leaf ? 0xdf : 1;
                        assertReserved(entry, format, level, plain);
                    }
                }
            }
        }
    }

    /// Each bit alone, set in an entry that is in order, breaks a rule exactly if the table reserves it.
    private static void assertReserved(
            Structure entry, PageTableFormat format, int level, long plain) {
        assertThat(TableEntry.kind(format.decode(plain, level, 0)))
                .isNotEqualTo(TableEntry.RESERVED);
        for (int bit = 10; bit < 64; bit++) {
            boolean refused =
                    TableEntry.kind(format.decode(plain | 1L << bit, level, 0))
                            == TableEntry.RESERVED;
            boolean reserved = (entry.reservedBits(0) >>> bit & 1) != 0;
            boolean napot = bit == 63 && level == 1;
            assertThat(refused).as("%s, bit %d", entry.name(), bit).isEqualTo(reserved || napot);
        }
    }

    @Test
    void theNarrowTablesReserveWhatTheWalkerRefuses() {
        var structures = new PageTableStructures(EVERYTHING);
        for (var stage : Stage.values()) {
            var format = new PageTableFormat(EVERYTHING, stage, true);
            for (int bit = 10; bit < 32; bit++) {
                long entry = 0xdf | 1L << bit;
                boolean refused =
                        TableEntry.kind(format.decode(entry, 2, 0)) == TableEntry.RESERVED;
                long reserved = structures.narrowEntry(stage, 2, true).reservedBits(0);
                assertThat(refused).as("bit %d", bit).isEqualTo((reserved >>> bit & 1) != 0);
            }
        }
    }

    @Test
    void theContextsReserveWhatTheirRulesRefuse() {
        var capabilities = without(1L << 41);
        var structures = new RiscvStructures(capabilities);
        var rules = new DeviceContextRules(capabilities);
        var device = structures.deviceContext(0, false, false);
        assertThat(device.reservedBits(0)).isEqualTo(DeviceContextRules.TC_RESERVED);
        assertThat(device.reservedBits(2)).isEqualTo(rules.taReserved());
        assertThat(device.reservedBits(3)).isEqualTo(DeviceContextRules.FSC_RESERVED);
        assertThat(device.reservedBits(4)).isEqualTo(DeviceContextRules.FSC_RESERVED);
        assertThat(device.reservedBits(5)).isEqualTo(DeviceContextRules.MSI_RESERVED);
        assertThat(device.reservedBits(6)).isEqualTo(DeviceContextRules.MSI_RESERVED);
        assertThat(device.reservedBits(7)).isEqualTo(-1);
        var process = structures.processContext(false);
        assertThat(process.reservedBits(0)).isEqualTo(DeviceContextRules.PROCESS_TA_RESERVED);
        assertThat(process.reservedBits(1)).isEqualTo(DeviceContextRules.FSC_RESERVED);
        assertThat(structures.deviceDirectoryEntry().reservedBits(0))
                .isEqualTo(DeviceDirectory.ENTRY_RESERVED);
        assertThat(structures.processDirectoryEntry().reservedBits(0))
                .isEqualTo(ProcessDirectory.ENTRY_RESERVED);
    }

    @Test
    void theInterruptFilesEntriesReserveWhatIsRefused() {
        var structures = new RiscvStructures(EVERYTHING);
        long custom = 1L << 63;
        assertThat(structures.msiFlat().reservedBits(0) | custom).isEqualTo(MsiTable.FLAT_RESERVED);
        assertThat(structures.msiMrif().reservedBits(0) | custom).isEqualTo(MsiTable.MRIF_RESERVED);
        assertThat(structures.msiMrif().reservedBits(1)).isEqualTo(MsiTable.NOTICE_RESERVED);
    }

    @Test
    void theCommandsReserveWhatMakesThemIllegal() {
        var one = new RiscvCommand(1L << 33, 0);
        int[] operations = {
            RiscvCommand.IOTINVAL_VMA, RiscvCommand.IOTINVAL_GVMA, RiscvCommand.IOFENCE,
            RiscvCommand.INVAL_DDT, RiscvCommand.INVAL_PDT, RiscvCommand.ATS_INVAL,
            RiscvCommand.ATS_PRGR
        };
        for (int operation : operations) {
            boolean directory = (operation & 0x7f) == 3;
            long base = operation | (directory ? one.low() : 0);
            assertThat(new RiscvCommand(base, 0).isLegal(EVERYTHING, true)).isTrue();
            var table = QueueStructures.command(new RiscvCommand(base, 0));
            for (int bit = 10; bit < 64; bit++) {
                boolean legal = new RiscvCommand(base | 1L << bit, 0).isLegal(EVERYTHING, true);
                boolean reserved = (table.reservedBits(0) >>> bit & 1) != 0;
                assertThat(legal).as("%s, bit %d", table.name(), bit).isEqualTo(!reserved);
            }
            for (int bit = 0; bit < 64; bit++) {
                boolean legal = new RiscvCommand(base, 1L << bit).isLegal(EVERYTHING, true);
                boolean reserved = (table.reservedBits(1) >>> bit & 1) != 0;
                assertThat(legal).as("%s, high bit %d", table.name(), bit).isEqualTo(!reserved);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"GSCID, 1, 0x2a", "iohgatp.MODE, 1, 9", "PSCID, 2, 0x12345", "fsc.PPN, 3, 0x77"})
    void aFieldWrittenIsTheFieldRead(String name, int word, String value) {
        BitField field = new RiscvStructures(EVERYTHING).deviceContext(0, false, false).field(name);
        assertThat(field.word()).isEqualTo(word);
        long bits = Long.decode(value);
        assertThat(field.valueIn(field.into(-1, bits))).isEqualTo(bits);
    }

    @Property
    void decodingAndEncodingAgainIsTheSameButForReservedBits(@ForAll long raw) {
        for (var structure : all()) {
            for (int word = 0; word < structure.words(); word++) {
                long again = 0;
                for (var field : structure.fields()) {
                    if (field.word() == word && field.use() != Use.RESERVED) {
                        again = field.into(again, field.valueIn(raw));
                    }
                }
                assertThat(again)
                        .as(structure.name())
                        .isEqualTo(raw & ~structure.reservedBits(word));
            }
        }
    }

    private static List<Structure> all() {
        var structures = new RiscvStructures(EVERYTHING);
        var tables = new PageTableStructures(EVERYTHING);
        var all = new ArrayList<Structure>();
        all.add(structures.deviceDirectoryEntry());
        all.add(structures.deviceContext(0, true, false));
        all.add(structures.processDirectoryEntry());
        all.add(structures.processContext(true));
        all.add(structures.msiFlat());
        all.add(structures.msiMrif());
        all.add(tables.entry(Stage.FIRST, 1, true));
        all.add(tables.entry(Stage.SECOND, 3, true));
        all.add(tables.entry(Stage.FIRST, 2, false));
        all.add(tables.narrowEntry(Stage.SECOND, 2, true));
        all.add(QueueStructures.faultRecord());
        all.add(QueueStructures.pageRequest());
        for (int operation : List.of(1, 0x81, 2, 3, 0x83, 4, 0x84, 0)) {
            all.add(QueueStructures.command(new RiscvCommand(operation, 0)));
        }
        return all;
    }

    private static RiscvCapabilities without(long bits) {
        return new RiscvCapabilities(EVERYTHING.bits() & ~bits, true, true, 24, 30, 30);
    }
}
