package iommulab.engine.iommu;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.BitField.Use;
import iommulab.engine.iommu.amdvi.AmdCapabilities;
import iommulab.engine.iommu.amdvi.AmdCommandStructures;
import iommulab.engine.iommu.amdvi.AmdLogStructures;
import iommulab.engine.iommu.amdvi.AmdStructures;
import iommulab.engine.iommu.riscv.PageTableStructures;
import iommulab.engine.iommu.riscv.RiscvCapabilities;
import iommulab.engine.iommu.riscv.RiscvCommand;
import iommulab.engine.iommu.riscv.RiscvStructures;
import iommulab.engine.iommu.selftest.SelftestStructures;
import iommulab.engine.iommu.smmuv3.DescriptorStructures;
import iommulab.engine.iommu.smmuv3.Granule;
import iommulab.engine.iommu.smmuv3.QueueStructures;
import iommulab.engine.iommu.smmuv3.SmmuCapabilities;
import iommulab.engine.iommu.smmuv3.SmmuCommand;
import iommulab.engine.iommu.smmuv3.SmmuStructures;
import iommulab.engine.iommu.vtd.ScalableStructures;
import iommulab.engine.iommu.vtd.VtdCapabilities;
import iommulab.engine.iommu.vtd.VtdQueueStructures;
import iommulab.engine.iommu.vtd.VtdRegisterStructures;
import iommulab.engine.iommu.vtd.VtdStructures;

import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// What holds of the bit tables of all architectures. That they have no gap and no overlap, [Structure]
/// checks when one is made.
class EveryStructureTest {
    static Stream<Named<Structure>> all() {
        return Stream.of(vtd(), amd(), smmu(), riscv(), selftest())
                .flatMap(family -> family)
                .map(structure -> Named.of(structure.name(), structure));
    }

    private static Stream<Structure> vtd() {
        var all = new ArrayList<Structure>();
        for (var capabilities : List.of(VtdCapabilities.EVERYTHING, VtdCapabilities.SCALABLE)) {
            var legacy = new VtdStructures(capabilities);
            all.addAll(List.of(legacy.rootEntry(), legacy.contextEntry()));
            var scalable = new ScalableStructures(capabilities);
            all.addAll(
                    List.of(
                            scalable.rootEntry(),
                            scalable.contextEntry(),
                            scalable.pasidDirectoryEntry(),
                            scalable.pasidEntry()));
            for (int level = 1; level <= 5; level++) {
                all.add(legacy.secondStageEntry(level, level == 1));
                all.add(legacy.secondStageEntry(level, level <= 3));
                all.add(scalable.firstStageEntry(level, level == 1));
                all.add(scalable.firstStageEntry(level, level <= 3));
            }
        }
        for (int type = 0; type < 16; type++) {
            all.add(VtdQueueStructures.descriptorAt(type, 2));
            all.add(VtdQueueStructures.descriptorAt(type, 4));
        }
        all.addAll(
                List.of(
                        VtdQueueStructures.FAULT_RECORD,
                        VtdQueueStructures.PAGE_REQUEST,
                        VtdRegisterStructures.GLOBAL,
                        VtdRegisterStructures.CONTEXT_COMMAND,
                        VtdRegisterStructures.IOTLB_INVALIDATE,
                        VtdRegisterStructures.FAULT_STATUS,
                        VtdRegisterStructures.QUEUE_POSITION,
                        VtdRegisterStructures.QUEUE_ADDRESS));
        return all.stream();
    }

    private static Stream<Structure> amd() {
        var tables = new AmdStructures(AmdCapabilities.EVERYTHING);
        var all = new ArrayList<Structure>();
        all.add(tables.deviceTableEntry());
        all.add(AmdLogStructures.pageRequest());
        for (int level = 1; level <= 6; level++) {
            for (int next = 0; next < 8; next++) {
                all.add(tables.hostEntry(level, next));
            }
        }
        for (int level = 1; level <= 5; level++) {
            all.add(tables.guestEntry(level, level == 1));
            all.add(tables.guestEntry(level, level <= 3));
        }
        for (int level = 1; level <= 3; level++) {
            all.add(tables.gcr3Entry(level));
        }
        IntStream.range(0, 16)
                .mapToObj(AmdCommandStructures::of)
                .flatMap(Optional::stream)
                .forEach(all::add);
        IntStream.range(0, 16)
                .mapToObj(AmdLogStructures::event)
                .flatMap(Optional::stream)
                .forEach(all::add);
        return all.stream();
    }

    private static Stream<Structure> smmu() {
        var tables = new SmmuStructures(SmmuCapabilities.EVERYTHING);
        var descriptors = new DescriptorStructures(SmmuCapabilities.EVERYTHING);
        var all = new ArrayList<Structure>();
        all.addAll(
                List.of(
                        tables.streamDirectoryEntry(),
                        tables.streamEntry(),
                        tables.descriptorDirectoryEntry(),
                        tables.contextDescriptor(),
                        QueueStructures.event(),
                        QueueStructures.pageRequest()));
        for (var granule : Granule.values()) {
            for (boolean first : new boolean[] {true, false}) {
                for (int level = 1; level <= 4; level++) {
                    if (level > 1) {
                        all.add(descriptors.table(granule, level, first));
                    }
                    if (level == 1 || granule.hasBlocksAt(level, true)) {
                        all.add(descriptors.leaf(granule, level, first));
                    }
                }
            }
        }
        var commands =
                IntStream.range(0, 256)
                        .mapToObj(opcode -> QueueStructures.command(new SmmuCommand(opcode, 0)));
        return Stream.concat(all.stream(), oneOfEachName(commands));
    }

    private static Stream<Structure> selftest() {
        return Stream.of(
                SelftestStructures.deviceEntry(),
                SelftestStructures.directoryEntry(),
                SelftestStructures.pasidEntry(),
                SelftestStructures.pageTableEntry(3),
                SelftestStructures.pageTableEntry(2),
                SelftestStructures.pageTableEntry(1),
                SelftestStructures.faultRecord());
    }

    private static Stream<Structure> riscv() {
        var tables = new RiscvStructures(RiscvCapabilities.EVERYTHING);
        var pages = new PageTableStructures(RiscvCapabilities.EVERYTHING);
        var all = new ArrayList<Structure>();
        all.addAll(
                List.of(
                        tables.deviceDirectoryEntry(),
                        tables.processDirectoryEntry(),
                        tables.deviceContext(0, false, false),
                        tables.deviceContext(0, true, true),
                        tables.processContext(false),
                        tables.processContext(true),
                        tables.msiFlat(),
                        tables.msiMrif(),
                        iommulab.engine.iommu.riscv.QueueStructures.faultRecord(),
                        iommulab.engine.iommu.riscv.QueueStructures.pageRequest()));
        for (var stage : Stage.values()) {
            for (int level = 1; level <= 5; level++) {
                all.add(pages.entry(stage, level, true));
                all.add(pages.entry(stage, level, level == 1));
            }
            all.add(pages.narrowEntry(stage, 1, true));
            all.add(pages.narrowEntry(stage, 2, true));
            all.add(pages.narrowEntry(stage, 2, false));
        }
        var commands =
                IntStream.range(0, 1024)
                        .mapToObj(operation ->
                                iommulab.engine.iommu.riscv.QueueStructures.command(
                                        new RiscvCommand(operation, 0)));
        return Stream.concat(all.stream(), oneOfEachName(commands));
    }

    private static Stream<Structure> oneOfEachName(Stream<Structure> commands) {
        var names = new HashSet<String>();
        return commands.filter(command -> names.add(command.name()));
    }

    @ParameterizedTest
    @MethodSource("all")
    void whatIsDecodedEncodesToTheSameBits(Structure structure) {
        var random = new Random(structure.name().hashCode());
        for (int i = 0; i < 20; i++) {
            var raw = random.longs(structure.words()).toArray();
            var built = new long[structure.words()];
            var decoded = structure.decode(raw, new long[raw.length]);
            for (int at = 0; at < decoded.size(); at++) {
                var field = structure.fields().get(at);
                assertThat(decoded.get(at).name()).isEqualTo(field.name());
                built[field.word()] = field.into(built[field.word()], decoded.get(at).value());
            }
            assertThat(built).containsExactly(raw);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyFieldSaysWhatItsValuesMean(Structure structure) {
        for (var field : structure.fields()) {
            values(field)
                    .forEach(value ->
                            assertThat(field.meaning().of(value))
                                    .as("%s = 0x%x", field.name(), value)
                                    .isNotBlank());
        }
    }

    /// All values of a small field; of a large one the ends, and every bit alone.
    private static LongStream values(BitField field) {
        int bits = field.high() - field.low() + 1;
        return bits <= 8
                ? LongStream.range(0, 1L << bits)
                : LongStream.concat(
                        LongStream.of(0, field.mask() >>> field.low()),
                        IntStream.range(0, bits).mapToLong(bit -> 1L << bit));
    }

    @ParameterizedTest
    @MethodSource("all")
    void fieldsHaveNamesOfTheirOwn(Structure structure) {
        assertThat(
                        structure.fields().stream()
                                .filter(field ->
                                        field.use() == Use.VALUE || field.use() == Use.ADDRESS)
                                .map(BitField::name))
                .doesNotHaveDuplicates()
                .noneMatch(String::isBlank);
    }
}
