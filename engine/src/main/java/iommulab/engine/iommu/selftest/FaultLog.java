package iommulab.engine.iommu.selftest;

import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.QueueState;
import iommulab.engine.memory.PhysicalMemory;

import java.util.ArrayList;

/// The log of stopped requests: 4 KiB in memory, records of 16 bytes. Hardware writes at the tail, software
/// moves the head; one place stays free, and a record that finds none is lost.
final class FaultLog {
    static final int BYTES = 4096;
    static final int RECORD_BYTES = 16;
    private static final int REMEMBERED = 16;

    private State state = new State(0, 0, 0, false, 0);

    /// Everything that a checkpoint remembers of it.
    ///
    /// @param base register: 51:12 address, bit 0 on
    /// @param head byte offset of the first record that software has not read
    /// @param tail byte offset where hardware writes next
    /// @param lost whether a record was lost since software moved the head
    /// @param written records since power-on
    record State(long base, int head, int tail, boolean lost, long written) {}

    State state() {
        return state;
    }

    void restore(State then) {
        state = then;
    }

    /// Also sets head and tail to the beginning.
    void setBase(long value) {
        state = new State(value, 0, 0, false, state.written);
    }

    void setHead(long value) {
        int head = (int) value & BYTES - RECORD_BYTES;
        state = new State(state.base, head, state.tail, false, state.written);
    }

    boolean isOn() {
        return (state.base & 1) != 0;
    }

    long address() {
        return state.base & TranslationEntry.ADDRESS;
    }

    /// Whether it would take a record.
    boolean takes() {
        return isOn() && next() != state.head;
    }

    private int next() {
        return state.tail + RECORD_BYTES & BYTES - RECORD_BYTES;
    }

    /// @return whether it lies in memory now
    boolean write(PhysicalMemory memory, FaultRecord record) {
        if (!takes()) {
            boolean lost = state.lost || isOn();
            state = new State(state.base, state.head, state.tail, lost, state.written);
            return false;
        }
        memory.write64(address() + state.tail, record.low());
        memory.write64(address() + state.tail + 8, record.high());
        state = new State(state.base, state.head, next(), state.lost, state.written + 1);
        return true;
    }

    QueueState toQueueState(PhysicalMemory memory) {
        var recent = new ArrayList<String>();
        for (int back = 1; back <= Math.min(state.written, REMEMBERED); back++) {
            long at = address() + (state.tail - back * RECORD_BYTES & BYTES - RECORD_BYTES);
            recent.add(words(memory.read64(at), memory.read64(at + 8)));
        }
        return new QueueState(
                "fault log",
                false,
                address(),
                BYTES,
                RECORD_BYTES,
                state.head,
                state.tail,
                state.lost,
                recent);
    }

    private static String words(long low, long high) {
        var words = new ArrayList<String>();
        var structure = SelftestStructures.faultRecord();
        words.add(structure.field("reason").meaning().of(low & 0xff));
        words.add(structure.field("requester").meaning().of(low >>> 16 & 0xffff));
        if ((low & 1 << 9) != 0) {
            words.add("PASID 0x%x".formatted(low >>> 32 & 0xf_ffff));
        }
        words.add("%s 0x%x".formatted((low & 1 << 8) != 0 ? "write" : "read", high));
        return String.join(", ", words);
    }

    /// The record of a stopped request.
    ///
    /// @param pasid negative for none
    static FaultRecord record(
            SelftestFault fault, int requester, int pasid, boolean write, long address) {
        long who = (pasid < 0 ? 0 : 1 << 9 | (long) pasid << 32) | (long) requester << 16;
        return new FaultRecord(who | (write ? 1 << 8 : 0) | fault.code(), address);
    }
}
