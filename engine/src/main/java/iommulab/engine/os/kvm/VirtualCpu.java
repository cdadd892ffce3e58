package iommulab.engine.os.kvm;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/// A virtual CPU.
///
/// @param on physical CPU that it runs on
/// @param written physical CPUs whose caches may hold what it wrote and has not written back since; only
///     those that it ran on while its machine was not coherent
public record VirtualCpu(int number, int on, SortedSet<Integer> written) {
    public VirtualCpu {
        written = Collections.unmodifiableSortedSet(new TreeSet<>(written));
    }

    VirtualCpu wroteOn(int cpu) {
        var more = new TreeSet<>(written);
        more.add(cpu);
        return new VirtualCpu(number, on, more);
    }
}
