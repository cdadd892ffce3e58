package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;

import java.util.function.Consumer;

/// Finds the structures in memory that an SMMU uses: the stream table here, what lies behind a stream in
/// [StreamAtlas], queues in [SmmuRings].
final class SmmuAtlas {
    private static final String STREAMS = "stream table";
    private static final int MOST_BITS = 24;

    private final SmmuUnit unit;
    private final SmmuCapabilities capabilities;
    private final SmmuStructures structures;
    private final StreamTables tables;
    private final TableVisits visits;
    private final StreamAtlas streams;
    private final long base;
    private final int config;

    SmmuAtlas(SmmuUnit unit, Consumer<TableUse> visitor) {
        this.unit = unit;
        capabilities = unit.capabilities();
        structures = new SmmuStructures(capabilities);
        visits = new TableVisits(unit.memory(), visitor);
        var walks = new StageWalks(unit.memory(), capabilities, false);
        tables = new StreamTables(unit.memory(), capabilities, walks);
        streams = new StreamAtlas(capabilities, unit.registers().isHost(), visits, tables);
        base = unit.registers().streamTable();
        config = unit.registers().streamTableConfig();
    }

    void visit() {
        if (unit.deviceTable() != 0) {
            int size = Math.min(config & 63, Math.min(MOST_BITS, capabilities.streamBits()));
            if (StreamTables.hasTwoLevels(config, capabilities)) {
                directory();
            } else {
                streamTable(
                        StreamTables.linear(base, config & 63), size, 0, -1, "SMMU_STRTAB_BASE");
            }
        }
        new SmmuRings(unit, visits).visit();
    }

    private void directory() {
        int split = StreamTables.split(config);
        var name = "level 1 stream table";
        var table =
                new Table(
                        name,
                        StreamTables.directory(base, config),
                        8L << StreamTables.directoryBits(config),
                        8,
                        name,
                        -1,
                        "SMMU_STRTAB_BASE",
                        Entries.to(structures.streamDirectoryEntry(), raw -> leaf(raw[0], split)));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, raw) -> {
                        int span = StreamTables.span(raw[0], split);
                        if (span != 0) {
                            long leaf = StreamTables.leafTable(raw[0], span);
                            streamTable(leaf, Math.min(split, span - 1), index << split, hpa, name);
                        }
                    });
        }
    }

    private static long leaf(long raw, int split) {
        int span = StreamTables.span(raw, split);
        return span == 0 ? -1 : StreamTables.leafTable(raw, span);
    }

    /// @param bits two to this power is the number of its streams
    private void streamTable(
            long address, int bits, int firstStream, long pointer, String pointedBy) {
        var name =
                "%s of streams 0x%04x to 0x%04x"
                        .formatted(STREAMS, firstStream, firstStream + (1 << bits) - 1);
        var table =
                new Table(
                        STREAMS,
                        address,
                        (long) StreamEntry.BYTES << bits,
                        StreamEntry.BYTES,
                        name,
                        pointer,
                        pointedBy,
                        Entries.of(structures.streamEntry(), streams::targets));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, _) -> {
                        int stream = firstStream + index;
                        var entry = tables.stream(base, config, stream);
                        if (entry != null && !entry.aborts()) {
                            streams.visit(entry, stream, hpa, name);
                        }
                    });
        }
    }
}
