package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.GuestAddresses;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableTour;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;

import java.util.function.LongUnaryOperator;

/// Finds what lies behind the stream table entries of an SMMU: tables of context descriptors, and the
/// translation tables of both stages. With stage 2, all of stage 1 lies behind it.
final class StreamAtlas {
    private static final int GRANULES = Granule.values().length;
    private static final int TOP_LEVEL = 4;
    private static final long LEAF_TABLE = (1L << 52) - 4096;

    private final SmmuCapabilities capabilities;
    private final boolean host;
    private final TableVisits visits;
    private final StreamTables tables;
    private final SmmuStructures structures;
    private final DescriptorStructures descriptors;
    private final TableFormat[] secondFormats = new TableFormat[GRANULES];
    private final TableTour[] firsts = new TableTour[GRANULES];
    private final TableTour[] seconds = new TableTour[GRANULES];

    /// @param host CR2.E2H
    StreamAtlas(
            SmmuCapabilities capabilities, boolean host, TableVisits visits, StreamTables tables) {
        this.capabilities = capabilities;
        this.host = host;
        this.visits = visits;
        this.tables = tables;
        structures = new SmmuStructures(capabilities);
        descriptors = new DescriptorStructures(capabilities);
        for (var granule : Granule.values()) {
            int i = granule.ordinal();
            secondFormats[i] = new StageTwoFormat(granule, false, capabilities);
            seconds[i] = tour(granule, secondFormats[i], false);
            firsts[i] = tour(granule, new StageOneFormat(granule, false), true);
        }
    }

    private TableTour tour(Granule granule, TableFormat format, boolean first) {
        return new TableTour(
                visits,
                format,
                new TableTour.Structures() {
                    @Override
                    public Structure of(int level, long raw) {
                        return descriptors.of(granule, level, first, raw);
                    }

                    /// Arm counts from the top, to 3.
                    @Override
                    public int levelName(int level) {
                        return TOP_LEVEL - level;
                    }
                });
    }

    /// What the descriptors of one stream have in common.
    ///
    /// @param toHost hpa of the addresses of its stage 1
    private record Stream(
            StreamEntry entry, int id, StreamWorld world, Second second, LongUnaryOperator toHost) {
        String tables(ContextDescriptor descriptor, SmmuCapabilities capabilities) {
            if (!world.hasAsids()) {
                return "EL2";
            }
            var asid = "ASID " + descriptor.asid(capabilities);
            return entry.stage2() ? vmid(capabilities) + ", " + asid : asid;
        }

        String vmid(SmmuCapabilities capabilities) {
            return "VMID " + StreamContext.vmid(entry, capabilities);
        }
    }

    private Stream stream(StreamEntry entry, int id) {
        var second = Second.of(entry, capabilities, Tag.spaces());
        return new Stream(
                entry,
                id,
                StreamWorld.of(entry, capabilities, host),
                second,
                entry.stage2() ? guest(second) : LongUnaryOperator.identity());
    }

    private GuestAddresses guest(Second second) {
        return new GuestAddresses(
                visits.memory(),
                secondFormats[second.granule().ordinal()],
                second.table(),
                second.levels(),
                second.inputBits(),
                second.regime());
    }

    /// Where a stream table entry leads: context descriptors, tables of stage 2.
    long[] targets(long[] raw) {
        var entry = new StreamEntry(raw[0], raw[1], raw[2], raw[3]);
        if (!entry.isLegal(capabilities) || entry.aborts()) {
            return new long[0];
        }
        var stream = stream(entry, 0);
        return new long[] {
            entry.stage1() ? stream.toHost().applyAsLong(entry.descriptors()) : -1,
            entry.stage2() ? stream.second().table() : -1
        };
    }

    /// @param entry legal, and not one that aborts
    void visit(StreamEntry entry, int id, long pointer, String tableName) {
        var stream = stream(entry, id);
        var pointedBy = "%s, stream 0x%04x".formatted(tableName, id);
        if (entry.stage2()) {
            var second = stream.second();
            seconds[second.granule().ordinal()].visit(
                    new TableTour.Root(
                            second.table(),
                            second.levels(),
                            entries(second.granule(), second.inputBits(), second.levels()),
                            second.regime(),
                            stream.vmid(capabilities),
                            pointer,
                            pointedBy));
        }
        if (!entry.stage1()) {
            return;
        }
        int bits = entry.descriptorBits(capabilities);
        if (bits == 0 || entry.descriptorFormat() == 0) {
            descriptors(stream, entry.descriptors(), bits, 0, pointer, pointedBy);
        } else {
            directory(stream, bits, entry.descriptorFormat() == 1 ? 6 : 10, pointer, pointedBy);
        }
    }

    /// Entries of a first table, which may be up to sixteen tables in a row.
    private static int entries(Granule granule, int inputBits, int levels) {
        return 1 << granule.firstIndexBits(inputBits, levels);
    }

    // ---- context descriptors

    private void directory(Stream stream, int bits, int leafBits, long pointer, String pointedBy) {
        var name = "level 1 table of context descriptors of stream 0x%04x".formatted(stream.id());
        var table =
                new Table(
                        "level 1 context descriptors",
                        stream.entry().descriptors(),
                        8L << Math.max(0, bits - leafBits),
                        8,
                        name,
                        pointer,
                        pointedBy,
                        Entries.to(
                                structures.descriptorDirectoryEntry(),
                                raw -> leafTable(stream, raw[0])));
        for (var piece : visits.tell(table, stream.toHost())) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, raw) -> {
                        if ((raw[0] & 1) != 0) {
                            long leaf = raw[0] & LEAF_TABLE;
                            int first = index << leafBits;
                            descriptors(stream, leaf, Math.min(bits, leafBits), first, hpa, name);
                        }
                    });
        }
    }

    private static long leafTable(Stream stream, long raw) {
        return (raw & 1) == 0 ? -1 : stream.toHost().applyAsLong(raw & LEAF_TABLE);
    }

    /// @param bits two to this power is the number of its descriptors
    private void descriptors(
            Stream stream, long address, int bits, int first, long pointer, String pointedBy) {
        var name =
                bits == 0
                        ? "context descriptor of stream 0x%04x".formatted(stream.id())
                        : "context descriptors of stream 0x%04x, substreams %d to %d"
                                .formatted(stream.id(), first, first + (1 << bits) - 1);
        var table =
                new Table(
                        "context descriptors",
                        address,
                        (long) ContextDescriptor.BYTES << bits,
                        ContextDescriptor.BYTES,
                        name,
                        pointer,
                        pointedBy,
                        Entries.of(structures.contextDescriptor(), raw -> targets(stream, raw)));
        for (var piece : visits.tell(table, stream.toHost())) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, _) -> descriptor(stream, first + index, hpa, name));
        }
    }

    private void descriptor(Stream stream, int substream, long hpa, String tableName) {
        var descriptor =
                tables.descriptor(stream.entry(), stream.world(), stream.second(), substream);
        if (descriptor == null) {
            return;
        }
        for (int number = 0; number < 2; number++) {
            var half = half(stream, descriptor, number);
            if (!half.enabled()) {
                continue;
            }
            var whose = stream.tables(descriptor, capabilities);
            firsts[half.granule().ordinal()].visit(
                    new TableTour.Root(
                            half.table(),
                            half.levels(),
                            entries(half.granule(), half.inputBits(), half.levels()),
                            half.regime(),
                            number == 0 ? whose : whose + ", upper half",
                            hpa,
                            "%s, substream %d".formatted(tableName, substream)),
                    stream.toHost());
        }
    }

    private Half half(Stream stream, ContextDescriptor descriptor, int number) {
        var source = ContextSource.of(stream.entry(), descriptor, stream.world());
        return Half.of(number, source, capabilities, Tag.spaces());
    }

    /// Where a context descriptor leads: the tables of both halves.
    private long[] targets(Stream stream, long[] raw) {
        var descriptor = new ContextDescriptor(raw[0], raw[1], raw[2]);
        var world = stream.world();
        var targets = new long[2];
        for (int number = 0; number < 2; number++) {
            boolean used =
                    descriptor.isLegal(stream.entry(), world, capabilities)
                            && descriptor.isEnabled(number, world);
            targets[number] =
                    used
                            ? stream.toHost().applyAsLong(half(stream, descriptor, number).table())
                            : -1;
        }
        return targets;
    }
}
