package iommulab.engine.os.device;

import java.util.List;

/// What the kernel's command line allows users of devices, beyond what is safe. Source: kernel module
/// parameters of `vfio_iommu_type1`, `iommufd` and `vfio`; `iommulab.sva` is ours.
///
/// @param unsafeInContainers whether containers take groups whose interrupts are not isolated
/// @param unsafeInIommufds the same for IOMMUFDs
/// @param withoutIommu whether VFIO drivers take devices that no IOMMU translates; the kernel is tainted then
/// @param sva whether devices may share address spaces of processes; some 6.x releases refuse it on x86
public record KernelOptions(
        boolean unsafeInContainers, boolean unsafeInIommufds, boolean withoutIommu, boolean sva) {
    private static final List<String> TRUE = List.of("1", "y", "Y", "on", "true");

    /// @param commandLine as `/proc/cmdline` has it
    public static KernelOptions of(String commandLine) {
        return new KernelOptions(
                says(commandLine, "vfio_iommu_type1.allow_unsafe_interrupts", false),
                says(commandLine, "iommufd.allow_unsafe_interrupts", false),
                says(commandLine, "vfio.enable_unsafe_noiommu_mode", false),
                says(commandLine, "iommulab.sva", true));
    }

    private static boolean says(String commandLine, String name, boolean otherwise) {
        boolean answer = otherwise;
        for (var word : commandLine.split("\\s+")) {
            if (word.startsWith(name + "=")) {
                answer = TRUE.contains(word.substring(name.length() + 1));
            }
        }
        return answer;
    }
}
