package iommulab.engine.traffic;

import iommulab.engine.memory.AddressRange;

/// A device that decides by itself which addresses it asks for.
final class PlainGenerator extends Generator {
    private static final int PAGE_SHIFT = 12;
    private static final int PAGE_BYTES = 1 << PAGE_SHIFT;
    private static final int AT = 1;
    private static final int FIRST_VECTOR = 0x20;
    private static final int VECTORS_PER_CPU = 0xf0 - FIRST_VECTOR;
    private static final long INTERRUPTS = 0xfee0_0000L;
    private static final int CPU_SHIFT = 12;

    private final Way way;

    /// Which address comes next.
    private sealed interface Way {
        void next(PlainGenerator device, DmaSlot slot);
    }

    PlainGenerator(TrafficSource source, Pattern.Sequential pattern) {
        super(source, 1);
        way = new Onwards(pattern.start(), pattern.bytes(), false);
    }

    PlainGenerator(TrafficSource source, Pattern.Stride pattern) {
        super(source, 1);
        way = new Striding(pattern.start(), pattern.bytes(), pattern.strideBytes());
    }

    PlainGenerator(TrafficSource source, Pattern.Uniform pattern) {
        super(source, 0);
        way = new Anywhere(pattern.start(), pattern.bytes() >>> PAGE_SHIFT);
    }

    PlainGenerator(TrafficSource source, Pattern.Zipf pattern) {
        super(source, 0);
        long pages = pattern.bytes() >>> PAGE_SHIFT;
        way =
                new Favourites(
                        pattern.start(),
                        pages,
                        new ZipfLaw(pages, pattern.exponent()),
                        stepThrough(pages));
    }

    PlainGenerator(TrafficSource source, Pattern.Msi pattern) {
        super(source, 0);
        way = new Interrupts(pattern.vectors());
    }

    PlainGenerator(TrafficSource source, AddressRange bar) {
        super(source, 1);
        way = new Onwards(bar.start(), bar.bytes(), true);
    }

    @Override
    void next(DmaSlot slot) {
        way.next(this, slot);
    }

    @Override
    boolean finish(DmaSlot slot, boolean reached) {
        return !reached;
    }

    /// A step that has no divisor in common with `pages`, near the golden section of it: by it, ranks that
    /// follow each other lie far apart, and every page has one rank.
    private static long stepThrough(long pages) {
        long step = Math.max(1, (long) (pages * 0.618_033_988_749_895));
        while (greatestCommonDivisor(step, pages) != 1) {
            step++;
        }
        return step;
    }

    private static long greatestCommonDivisor(long a, long b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    private void inPage(DmaSlot slot, long page) {
        long bits = random();
        long places = Math.max(1, PAGE_BYTES / requestBytes);
        slot.plain(page + SplitMix.below(bits, places) * requestBytes, requestBytes, writes(bits));
    }

    private record Onwards(long start, long bytes, boolean onlyWrites) implements Way {
        @Override
        public void next(PlainGenerator device, DmaSlot slot) {
            long done = device.state[AT];
            long iova = start + done;
            int now = withinPage(iova, Math.min(device.requestBytes, bytes - done));
            slot.plain(iova, now, device.writes() | onlyWrites);
            device.state[AT] = done + now >= bytes ? 0 : done + now;
        }
    }

    private record Striding(long start, long bytes, long stride) implements Way {
        @Override
        public void next(PlainGenerator device, DmaSlot slot) {
            long done = device.state[AT];
            long iova = start + done;
            int now = withinPage(iova, Math.min(device.requestBytes, bytes - done));
            slot.plain(iova, now, device.writes());
            device.state[AT] = stride >= bytes - done ? 0 : done + stride;
        }
    }

    private record Anywhere(long start, long pages) implements Way {
        @Override
        public void next(PlainGenerator device, DmaSlot slot) {
            device.inPage(slot, start + (SplitMix.below(device.random(), pages) << PAGE_SHIFT));
        }
    }

    private record Favourites(long start, long pages, ZipfLaw law, long step) implements Way {
        @Override
        public void next(PlainGenerator device, DmaSlot slot) {
            long rank;
            do {
                rank = law.rank(SplitMix.fraction(device.random()));
            } while (rank == 0);
            device.inPage(slot, start + ((rank - 1) * step % pages << PAGE_SHIFT));
        }
    }

    private record Interrupts(int vectors) implements Way {
        @Override
        public void next(PlainGenerator device, DmaSlot slot) {
            int vector = (int) SplitMix.below(device.random(), vectors);
            long cpu = vector / VECTORS_PER_CPU;
            slot.data[0] = FIRST_VECTOR + vector % VECTORS_PER_CPU;
            slot.store(INTERRUPTS | cpu << CPU_SHIFT, 1);
            slot.bytes = Integer.BYTES;
        }
    }
}
