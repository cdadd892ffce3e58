package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Reads from memory what a stream and a substream go through: stream table, stream table entry, table of
/// context descriptors, context descriptor.
/// Spec: SMMUv3, "Stream table", "Context descriptor table".
final class StreamTables {
    /* Steps, as an observer is told. */
    static final int STREAM_DIRECTORY = 0;
    static final int STREAM_ENTRY = 1;
    static final int DESCRIPTOR_DIRECTORY = 2;
    static final int DESCRIPTOR = 3;

    private static final long ADDRESS = (1L << 52) - 1;

    private final PhysicalMemory memory;
    private final SmmuCapabilities capabilities;
    private final StageWalks walks;
    private WalkObserver observer = WalkObserver.NONE;
    private int reads;
    private long origin;

    StreamTables(PhysicalMemory memory, SmmuCapabilities capabilities, StageWalks walks) {
        this.memory = memory;
        this.capabilities = capabilities;
        this.walks = walks;
    }

    void observe(WalkObserver newObserver) {
        observer = newObserver;
    }

    /// Begins to count for a new request.
    ///
    /// @param newOrigin what caches are told of where an entry came from
    void begin(long newOrigin) {
        origin = newOrigin;
        reads = 0;
    }

    /// Entries read since [#begin], table entries of stage 2 not counted.
    int reads() {
        return reads;
    }

    private StopReport stop() {
        return walks.stop();
    }

    // ---- stream table

    /// Finds the entry of a stream and checks it.
    ///
    /// @param base STRTAB_BASE
    /// @param config STRTAB_BASE_CFG
    /// @return null if it is stopped, see [StopReport]
    @Nullable StreamEntry stream(long base, int config, int stream) {
        int log2Size = config & 63;
        if (stream >>> capabilities.streamBits() != 0
                || log2Size < Integer.SIZE && stream >>> log2Size != 0) {
            stop().ofConfiguration(SmmuFault.BAD_STREAM_ID);
            return null;
        }
        boolean twoLevels = hasTwoLevels(config, capabilities);
        long table = twoLevels ? leafTable(base, config, stream) : linear(base, log2Size);
        if (table < 0) {
            return null;
        }
        int index = twoLevels ? stream & (1 << split(config)) - 1 : stream;
        return entry(table, index);
    }

    static boolean hasTwoLevels(int config, SmmuCapabilities capabilities) {
        return (config >>> 16 & 3) == 1 && capabilities.twoLevelStreams();
    }

    /// hpa of a table of one level.
    static long linear(long base, int log2Size) {
        return base & ADDRESS & -64L << log2Size;
    }

    /// Bits of a stream's number that a table of the second level is indexed with; 0 of a linear table.
    static int splitOf(int config) {
        return (config >>> 16 & 3) == 1 ? split(config) : 0;
    }

    /// SPLIT: 6, 8 or 10; anything else counts as 6.
    static int split(int config) {
        int field = config >>> 6 & 31;
        return field == 8 || field == 10 ? field : 6;
    }

    /// The table of the second level that holds a stream's entry; negative if there is none.
    private long leafTable(long base, int config, int stream) {
        int split = split(config);
        long directory = directory(base, config);
        int index = stream >>> split;
        long hpa = directory + index * 8L;
        long raw = memory.read64(hpa);
        reads++;
        observer.deviceTableRead(STREAM_DIRECTORY, directory, index, hpa, raw, 0);
        if (raw == -1 && !memory.isBacked(hpa)) {
            return stop().fetchAborted(SmmuFault.STREAM_FETCH, hpa);
        }
        int span = span(raw, split);
        if (span == 0 || (stream & (1 << split) - 1) >>> span - 1 != 0) {
            return stop().ofConfiguration(SmmuFault.BAD_STREAM_ID);
        }
        return leafTable(raw, span);
    }

    /// Descriptors of the first level, as a power of two.
    static int directoryBits(int config) {
        return Math.max(0, (config & 63) - split(config));
    }

    /// hpa of the table of the first level.
    static long directory(long base, int config) {
        return base & ADDRESS & -1L << Math.max(6, 3 + directoryBits(config));
    }

    /// Span of a descriptor of the first level: 2^(span - 1) streams; 0 if it leads to none.
    static int span(long raw, int split) {
        int span = (int) raw & 31;
        return span <= 11 && span <= split + 1 ? span : 0;
    }

    /// hpa of the table to which a descriptor of the first level leads.
    static long leafTable(long raw, int span) {
        return raw & (1L << 52) - 64 & -64L << span - 1;
    }

    private @Nullable StreamEntry entry(long table, int index) {
        long hpa = table + (long) index * StreamEntry.BYTES;
        var entry =
                new StreamEntry(
                        memory.read64(hpa),
                        memory.read64(hpa + 8),
                        memory.read64(hpa + 16),
                        memory.read64(hpa + 24));
        reads++;
        observer.deviceTableRead(STREAM_ENTRY, table, index, hpa, entry.word0(), entry.word1());
        if (entry.word0() == -1 && !memory.isBacked(hpa)) {
            stop().fetchAborted(SmmuFault.STREAM_FETCH, hpa);
            return null;
        }
        if (!entry.isLegal(capabilities)) {
            stop().ofEntry(SmmuFault.BAD_STREAM_ENTRY, !entry.isValid());
            return null;
        }
        return entry;
    }

    // ---- context descriptors

    /// Finds the descriptor of a substream and checks it.
    ///
    /// @param world of the stream
    /// @param second stage 2 through which the table is read, if the stream has it
    /// @param substream below 2^S1CDMax; 0 if the stream has one descriptor
    /// @return null if it is stopped, see [StopReport]
    @Nullable ContextDescriptor descriptor(
            StreamEntry stream, StreamWorld world, Second second, int substream) {
        long table = stream.descriptors();
        int index = substream;
        int format = stream.descriptorBits(capabilities) == 0 ? 0 : stream.descriptorFormat();
        if (format != 0) {
            int leafBits = format == 1 ? 6 : 10;
            table = leafDescriptors(stream, second, table, substream >>> leafBits);
            if (table < 0) {
                return null;
            }
            index = substream & (1 << leafBits) - 1;
        }
        var descriptor = descriptorAt(stream, second, table, index);
        if (descriptor != null && !descriptor.isLegal(stream, world, capabilities)) {
            stop().ofEntry(SmmuFault.BAD_DESCRIPTOR, !descriptor.isValid());
            return null;
        }
        return descriptor;
    }

    private long leafDescriptors(StreamEntry stream, Second second, long table, int index) {
        long hpa = place(stream, second, table + index * 8L);
        if (hpa < 0) {
            return hpa;
        }
        long raw = memory.read64(hpa);
        reads++;
        observer.deviceTableRead(DESCRIPTOR_DIRECTORY, table, index, hpa, raw, 0);
        if (raw == -1 && !memory.isBacked(hpa)) {
            return stop().fetchAborted(SmmuFault.DESCRIPTOR_FETCH, hpa);
        }
        if ((raw & 1) == 0) {
            return stop().ofConfiguration(SmmuFault.BAD_SUBSTREAM_ID);
        }
        return raw & (1L << 52) - 4096;
    }

    private @Nullable ContextDescriptor descriptorAt(
            StreamEntry stream, Second second, long table, int index) {
        long hpa = place(stream, second, table + (long) index * ContextDescriptor.BYTES);
        if (hpa < 0) {
            return null;
        }
        var descriptor =
                new ContextDescriptor(
                        memory.read64(hpa), memory.read64(hpa + 8), memory.read64(hpa + 16));
        reads++;
        observer.deviceTableRead(
                DESCRIPTOR, table, index, hpa, descriptor.word0(), descriptor.word1());
        if (descriptor.word0() == -1 && !memory.isBacked(hpa)) {
            stop().fetchAborted(SmmuFault.DESCRIPTOR_FETCH, hpa);
            return null;
        }
        return descriptor;
    }

    /// Where a descriptor lies: with stage 2, its address is intermediate.
    private long place(StreamEntry stream, Second second, long address) {
        return stream.stage2() ? walks.descriptor(second, address, origin) : address;
    }
}
