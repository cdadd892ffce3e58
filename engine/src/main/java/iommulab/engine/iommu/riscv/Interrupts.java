package iommulab.engine.iommu.riscv;

import iommulab.engine.memory.PhysicalMemory;

/// How the IOMMU interrupts: pending bits, the vector of each cause, and the messages of the vectors.
/// Spec: RISC-V IOMMU, "Interrupt pending status register (ipsr)", "Interrupt-cause-to-vector register
/// (icvec)", "MSI configuration table (msi_cfg_tbl)".
final class Interrupts {
    static final int COMMAND_QUEUE = 0;
    static final int FAULT_QUEUE = 1;
    static final int PERFORMANCE = 2;
    static final int PAGE_QUEUE = 3;
    static final int VECTORS = 16;

    private static final int CAUSES = (1 << 4) - 1;
    private static final long ADDRESS = (1L << 56) - 4;
    private static final int MASKED = 1;

    private final PhysicalMemory memory;
    private final long[] addresses = new long[VECTORS];
    private final int[] data = new int[VECTORS];
    private final int[] controls = new int[VECTORS];
    private int pending;
    private int unsent;
    private long vectors;

    Interrupts(PhysicalMemory memory) {
        this.memory = memory;
    }

    /// Everything that a checkpoint remembers of interrupts.
    record State(
            int pending,
            int unsent,
            long vectors,
            java.util.List<Long> addresses,
            java.util.List<Integer> data,
            java.util.List<Integer> controls) {}

    State state() {
        return new State(
                pending,
                unsent,
                vectors,
                java.util.Arrays.stream(addresses).boxed().toList(),
                java.util.Arrays.stream(data).boxed().toList(),
                java.util.Arrays.stream(controls).boxed().toList());
    }

    void restore(State state) {
        pending = state.pending();
        unsent = state.unsent();
        vectors = state.vectors();
        for (int vector = 0; vector < VECTORS; vector++) {
            addresses[vector] = state.addresses().get(vector);
            data[vector] = state.data().get(vector);
            controls[vector] = state.controls().get(vector);
        }
    }

    int pending() {
        return pending;
    }

    /// Software writes ones to acknowledge.
    void acknowledge(int bits) {
        pending &= ~bits;
    }

    long vectors() {
        return vectors;
    }

    void setVectors(long value) {
        vectors = value & 0xffff;
    }

    long address(int vector) {
        return addresses[vector];
    }

    void setAddress(int vector, long value) {
        addresses[vector] = value & ADDRESS;
    }

    int data(int vector) {
        return data[vector];
    }

    void setData(int vector, int value) {
        data[vector] = value;
    }

    int control(int vector) {
        return controls[vector];
    }

    /// A message that was held back is sent when its vector is no longer masked.
    ///
    /// @return hpa of a message that memory refused, -1 if none was
    long setControl(int vector, int value) {
        controls[vector] = value & MASKED;
        if (controls[vector] == 0 && (unsent >>> vector & 1) != 0) {
            unsent &= ~(1 << vector);
            return send(vector);
        }
        return -1;
    }

    /// Makes a cause pending, and tells the processor if it was not.
    ///
    /// @param cause [#COMMAND_QUEUE] ...
    /// @param wired whether by wire; else by message
    /// @return hpa of a message that memory refused, -1 if none was
    long raise(int cause, boolean wired) {
        if ((pending >>> cause & 1) != 0) {
            return -1;
        }
        pending |= 1 << cause & CAUSES;
        if (wired) {
            return -1;
        }
        int vector = (int) (vectors >>> 4 * cause) & VECTORS - 1;
        if ((controls[vector] & MASKED) != 0) {
            unsent |= 1 << vector;
            return -1;
        }
        return send(vector);
    }

    private long send(int vector) {
        return memory.write32(addresses[vector], data[vector]) ? -1 : addresses[vector];
    }
}
