package iommulab.engine.os.sva;

import iommulab.engine.os.process.Process;
import iommulab.engine.os.state.Book;
import iommulab.engine.os.state.Ledger;

import java.util.ArrayList;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.OptionalInt;

/// The register of each thread from which the CPU takes the PASID of work that it submits. It is empty in
/// a new thread; the first submission traps, and the kernel loads the number of the thread's process, if it
/// has one. Source: kernel `try_fixup_enqcmd_gp`, `IA32_PASID`.
public final class PasidRegisters {
    private final Book<Thread, Integer> loaded;

    /// A thread of a process.
    public record Thread(String process, String name) implements Comparable<Thread> {
        @Override
        public int compareTo(Thread other) {
            int processes = process.compareTo(other.process);
            return processes != 0 ? processes : name.compareTo(other.name);
        }
    }

    public PasidRegisters(Ledger ledger) {
        loaded = new Book<>(ledger);
    }

    /// What is loaded, by thread.
    public NavigableMap<Thread, Integer> all() {
        return Collections.unmodifiableNavigableMap(loaded.all());
    }

    OptionalInt of(Thread thread) {
        return loaded.find(thread).stream().mapToInt(Integer::intValue).findAny();
    }

    void load(Thread thread, int pasid) {
        loaded.set(thread, pasid);
    }

    /// A process is gone, its threads too.
    void forget(Process process) {
        for (var thread : new ArrayList<>(loaded.all().keySet())) {
            if (thread.process().equals(process.name())) {
                loaded.remove(thread);
            }
        }
    }
}
