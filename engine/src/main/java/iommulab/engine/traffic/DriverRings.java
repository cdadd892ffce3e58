package iommulab.engine.traffic;

import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;

import java.util.List;
import java.util.function.LongUnaryOperator;

/// The driver's side of a device that follows descriptors: puts ring, queue and lists into memory before
/// the device starts.
///
/// The descriptors hold iova. Where they lie in memory is asked of the domain's mappings, as the driver
/// itself would write them by the CPU, past the IOMMU.
public final class DriverRings {
    /// What the function from iova to hpa answers where nothing is mapped.
    public static final long NOT_MAPPED = -1;

    private final TrafficSource source;
    private final PhysicalMemory memory;
    private final LongUnaryOperator hpaOf;

    private DriverRings(TrafficSource source, PhysicalMemory memory, LongUnaryOperator hpaOf) {
        this.source = source;
        this.memory = memory;
        this.hpaOf = hpaOf;
    }

    /// The ranges of iova that a device will use, in the order ring or queue, lists, data: what its driver
    /// maps. Those of peer-to-peer and interrupts need no mapping and are left out.
    public static List<AddressRange> rangesOf(Pattern pattern) {
        return switch (pattern) {
            case Pattern.Sequential(long start, long bytes) ->
                    List.of(AddressRange.of(start, bytes));
            case Pattern.Uniform(long start, long bytes) -> List.of(AddressRange.of(start, bytes));
            case Pattern.Zipf(long start, long bytes, _) -> List.of(AddressRange.of(start, bytes));
            case Pattern.Stride(long start, long bytes, _) ->
                    List.of(AddressRange.of(start, bytes));
            case Pattern.NicRing ring -> rangesOf(ring);
            case Pattern.NvmePrp queue -> rangesOf(queue);
            case Pattern.PeerToPeer _, Pattern.Msi _ -> List.of();
        };
    }

    private static List<AddressRange> rangesOf(Pattern.NicRing ring) {
        var layout = new NicRingLayout(ring);
        return List.of(
                AddressRange.of(ring.ring(), layout.ringBytes()),
                AddressRange.of(ring.buffers(), layout.bufferSpan()));
    }

    private static List<AddressRange> rangesOf(Pattern.NvmePrp queue) {
        var layout = new NvmeLayout(queue);
        return List.of(
                AddressRange.of(queue.queue(), layout.queueSpan()),
                AddressRange.of(queue.prpLists(), layout.list(queue.entries()) - queue.prpLists()),
                AddressRange.of(queue.data(), layout.data(queue.entries(), 0) - queue.data()));
    }

    /// Writes what the device will follow; nothing for patterns without descriptors. Directions of NVMe
    /// commands follow the source's seed and share of writes.
    ///
    /// @param hpaOf iova to hpa by the mappings of the device's domain, [#NOT_MAPPED] if there is none
    /// @throws SourceRefused (EFAULT) a descriptor would lie where nothing is mapped, or where no memory
    ///     is; nothing is written
    public static void post(TrafficSource source, PhysicalMemory memory, LongUnaryOperator hpaOf)
            throws SourceRefused {
        var driver = new DriverRings(source, memory, hpaOf);
        switch (source.pattern()) {
            case Pattern.NicRing ring -> driver.postRing(new NicRingLayout(ring));
            case Pattern.NvmePrp queue -> driver.postQueue(new NvmeLayout(queue));
            case Pattern.Sequential _,
                    Pattern.Uniform _,
                    Pattern.Zipf _,
                    Pattern.Stride _,
                    Pattern.PeerToPeer _,
                    Pattern.Msi _ -> {}
        }
    }

    private void postRing(NicRingLayout ring) throws SourceRefused {
        requireMapped("ring", ring.pattern().ring(), ring.ringBytes());
        for (int i = 0; i < ring.pattern().descriptors(); i++) {
            write(ring.descriptor(i), ring.buffer(i));
            write(ring.descriptor(i) + Long.BYTES, ring.pattern().bufferBytes());
        }
    }

    private void postQueue(NvmeLayout queue) throws SourceRefused {
        var pattern = queue.pattern();
        boolean lists = pattern.pagesPerCommand() > 2;
        requireMapped("queue", pattern.queue(), queue.queueSpan());
        if (lists) {
            requireMapped(
                    "PRP lists",
                    pattern.prpLists(),
                    queue.list(pattern.entries()) - pattern.prpLists());
        }
        long random = source.seed();
        for (int i = 0; i < pattern.entries(); i++) {
            random = SplitMix.next(random);
            boolean toMemory = SplitMix.below(SplitMix.bits(random), 100) < source.writePercent();
            postCommand(queue, i, toMemory);
            for (int page = 1; lists && page < pattern.pagesPerCommand(); page++) {
                write(queue.list(i) + (page - 1L) * Long.BYTES, queue.data(i, page));
            }
        }
    }

    private void postCommand(NvmeLayout queue, int index, boolean toMemory) {
        int pages = queue.pattern().pagesPerCommand();
        long opcode = toMemory ? NvmeLayout.OPCODE_READ : NvmeLayout.OPCODE_WRITE;
        long command = opcode | (long) (index & 0xffff) << 16 | 1L << 32;
        long second = pages == 1 ? 0 : pages == 2 ? queue.data(index, 1) : queue.list(index);
        var words = new long[NvmeLayout.ENTRY_WORDS];
        words[NvmeLayout.COMMAND] = command;
        words[NvmeLayout.PRP1] = queue.data(index, 0);
        words[NvmeLayout.PRP2] = second;
        words[NvmeLayout.BLOCKS] = pages - 1L;
        for (int word = 0; word < words.length; word++) {
            write(queue.entry(index) + word * Long.BYTES, words[word]);
        }
    }

    private void requireMapped(String what, long iova, long bytes) throws SourceRefused {
        for (long page = iova & -4096; page < iova + bytes; page += 4096) {
            long hpa = hpaOf.applyAsLong(page);
            if (hpa == NOT_MAPPED || !memory.isBacked(hpa)) {
                throw new SourceRefused(
                        "EFAULT",
                        "Source %d of %s: page 0x%x of its %s %s. Map %s to memory first."
                                .formatted(
                                        source.id(),
                                        source.device(),
                                        page,
                                        what,
                                        hpa == NOT_MAPPED
                                                ? "is not mapped"
                                                : "leads to hpa 0x%x, where no memory is"
                                                        .formatted(hpa),
                                        AddressRange.of(iova, bytes)));
            }
        }
    }

    private void write(long iova, long word) {
        memory.write64(hpaOf.applyAsLong(iova & -4096) + (iova & 4095), word);
    }
}
