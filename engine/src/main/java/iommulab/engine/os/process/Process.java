package iommulab.engine.os.process;

import iommulab.engine.os.state.Cell;
import iommulab.engine.os.state.Ledger;

import java.util.OptionalLong;
import java.util.Set;

/// A program that runs: who calls the kernel, whose memory is locked. Source: kernel
/// `struct task_struct`.
public final class Process {
    private final String name;
    private final Set<Capability> capabilities;
    private final OptionalLong memlockPages;
    private final AddressSpace memory;
    private final Cell<Boolean> running;

    Process(
            Ledger ledger,
            String name,
            Set<Capability> capabilities,
            OptionalLong memlockPages,
            AddressSpace memory) {
        this.name = name;
        this.capabilities = capabilities;
        this.memlockPages = memlockPages;
        this.memory = memory;
        running = new Cell<>(ledger, true);
    }

    public String name() {
        return name;
    }

    public boolean may(Capability capability) {
        return capabilities.contains(capability);
    }

    Set<Capability> capabilities() {
        return capabilities;
    }

    /// How many pages of 4 KiB it may lock without [Capability#CAP_IPC_LOCK]; empty for no limit.
    public OptionalLong memlockPages() {
        return memlockPages;
    }

    public AddressSpace memory() {
        return memory;
    }

    /// False once it has exited.
    public Cell<Boolean> running() {
        return running;
    }

    @Override
    public String toString() {
        return name;
    }
}
