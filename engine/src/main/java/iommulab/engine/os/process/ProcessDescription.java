package iommulab.engine.os.process;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// A process that runs when the story starts.
///
/// @param memlockPages how many pages of 4 KiB it may lock without [Capability#CAP_IPC_LOCK]; empty for no
///     limit
public record ProcessDescription(
        String name, Set<Capability> capabilities, OptionalLong memlockPages, List<Buffer> memory) {
    /// One process that may do everything, with 64 KiB of memory named `buf`.
    public static final List<ProcessDescription> USUAL =
            List.of(
                    new ProcessDescription(
                            "p0",
                            Set.of(Capability.values()),
                            OptionalLong.empty(),
                            List.of(new Buffer("buf", 0x10000, true, false))));

    public ProcessDescription {
        capabilities = Set.copyOf(capabilities);
        memory = List.copyOf(memory);
    }

    /// Memory that has a name.
    ///
    /// @param bytes multiple of 4096
    /// @param shared whether it is a file's: the same name in another process is the same memory
    public record Buffer(String name, long bytes, boolean writable, boolean shared) {}
}
