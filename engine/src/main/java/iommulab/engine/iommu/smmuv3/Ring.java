package iommulab.engine.iommu.smmuv3;

/// The registers of a queue in memory: base, producer, consumer. An index has one bit more than the queue
/// needs, so that full and empty differ.
/// Spec: SMMUv3, "SMMU circular queues".
final class Ring {
    private static final long BASE = (1L << 52) - 32;

    private final int entryBytes;
    private final int mostBits;
    private long baseRegister;
    private int producer;
    private int consumer;

    /// @param mostBits two to this power is the most entries
    Ring(int entryBytes, int mostBits) {
        this.entryBytes = entryBytes;
        this.mostBits = mostBits;
    }

    record State(long baseRegister, int producer, int consumer) {}

    State state() {
        return new State(baseRegister, producer, consumer);
    }

    void restore(State state) {
        baseRegister = state.baseRegister();
        producer = state.producer();
        consumer = state.consumer();
    }

    long baseRegister() {
        return baseRegister;
    }

    void setBaseRegister(long value) {
        baseRegister = value;
    }

    /// Entries, as a power of two.
    int bits() {
        return Math.min((int) baseRegister & 31, mostBits);
    }

    /// hpa of the first entry: aligned to the queue's size.
    long base() {
        return baseRegister & BASE & -1L << Math.max(5, Math.min(51, bits() + sizeShift()));
    }

    private int sizeShift() {
        return Integer.numberOfTrailingZeros(entryBytes);
    }

    private int indexMask() {
        return (1 << bits() + 1) - 1;
    }

    int producer() {
        return producer & indexMask();
    }

    int consumer() {
        return consumer & indexMask();
    }

    void setProducer(int value) {
        producer = value & indexMask();
    }

    void setConsumer(int value) {
        consumer = value & indexMask();
    }

    void produced() {
        setProducer(producer() + 1);
    }

    void consumed() {
        setConsumer(consumer() + 1);
    }

    boolean isEmpty() {
        return producer() == consumer();
    }

    boolean isFull() {
        return (producer() ^ consumer()) == 1 << bits();
    }

    /// hpa of the entry that an index names.
    long entryHpa(int index) {
        return base() + (long) (index & (1 << bits()) - 1) * entryBytes;
    }
}
