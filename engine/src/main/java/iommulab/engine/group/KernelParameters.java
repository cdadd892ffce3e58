package iommulab.engine.group;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The words of a kernel command line that IOMMU groups and their types depend on. A later word
/// overrides an earlier one.
/// Source: `Documentation/admin-guide/kernel-parameters.txt` of Linux.
///
/// @param commandLine as `/proc/cmdline` has it
public record KernelParameters(String commandLine) {
    private static final List<String> TRUE = List.of("1", "y", "Y", "on", "true");

    /// Whether `iommu=pt` or `iommu.passthrough=1` asks for identity domains; empty if nothing is said.
    public Optional<Boolean> passthrough() {
        Optional<Boolean> answer = Optional.empty();
        for (String word : words()) {
            if (word.startsWith("iommu.passthrough=")) {
                answer = Optional.of(isTrue(word));
            } else if (word.startsWith("iommu=")) {
                for (String option : options(word)) {
                    if (option.equals("pt") || option.equals("nopt")) {
                        answer = Optional.of(option.equals("pt"));
                    }
                }
            }
        }
        return answer;
    }

    /// Whether invalidation at every unmap is asked for (true) or refused (false); empty if nothing is
    /// said.
    public Optional<Boolean> strict() {
        Optional<Boolean> answer = Optional.empty();
        for (String word : words()) {
            if (word.startsWith("iommu.strict=")) {
                answer = Optional.of(isTrue(word));
            }
        }
        return has("intel_iommu", "strict") || has("amd_iommu", "fullflush")
                ? Optional.of(true)
                : answer;
    }

    /// Whether the IOMMUs are left off.
    ///
    /// @param name the driver's word: `intel_iommu` or `amd_iommu`
    public boolean off(String name) {
        boolean off = false;
        for (String word : words()) {
            if (word.startsWith(name + "=")) {
                for (String option : options(word)) {
                    off = option.equals("off") || off && !option.equals("on");
                }
            }
        }
        return off || has("iommu", "off");
    }

    /// Whether `intel_iommu=igfx_off` leaves units off that serve nothing but graphics.
    public boolean graphicsOff() {
        return has("intel_iommu", "igfx_off");
    }

    /// Whether scalable mode is used where a unit has it: the default, but for `intel_iommu=sm_off`.
    public boolean scalableMode() {
        boolean scalable = true;
        for (String word : words()) {
            if (word.startsWith("intel_iommu=")) {
                for (String option : options(word)) {
                    scalable = option.equals("sm_on") || scalable && !option.equals("sm_off");
                }
            }
        }
        return scalable;
    }

    private boolean has(String name, String option) {
        return words().stream()
                .filter(word -> word.startsWith(name + "="))
                .anyMatch(word -> options(word).contains(option));
    }

    private List<String> words() {
        return List.of(commandLine.strip().split("\\s+"));
    }

    private static List<String> options(String word) {
        return Arrays.asList(word.substring(word.indexOf('=') + 1).split(","));
    }

    private static boolean isTrue(String word) {
        return TRUE.contains(word.substring(word.indexOf('=') + 1));
    }
}
