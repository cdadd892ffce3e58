package iommulab.engine.group;

import java.util.regex.Pattern;

/// The version of a Linux kernel, for rules that changed from one to the next.
///
/// @param text as `uname -r` prints it, such as `6.12.111+deb12-amd64`; empty if unknown
/// @param major such as 6
/// @param minor such as 12
public record KernelRelease(String text, int major, int minor) {
    private static final Pattern NUMBERS = Pattern.compile("(\\d{1,4})\\.(\\d{1,4}).*");

    /// The newest kernel whose rules are known; stands in where the release is not.
    public static final KernelRelease NEWEST = new KernelRelease("7.2", 7, 2);

    /// Reads `6.12.111+deb12-amd64`; anything unreadable counts as [#NEWEST].
    public static KernelRelease parse(String text) {
        var match = NUMBERS.matcher(text.strip());
        return match.matches()
                ? new KernelRelease(
                        text.strip(),
                        Integer.parseInt(match.group(1)),
                        Integer.parseInt(match.group(2)))
                : new KernelRelease(text.strip(), NEWEST.major, NEWEST.minor);
    }

    /// Whether it is this version or a later one.
    public boolean isAtLeast(int major, int minor) {
        return this.major > major || this.major == major && this.minor >= minor;
    }

    /// Whether it names an Arm kernel.
    boolean namesArm() {
        return text.contains("arm64") || text.contains("aarch64");
    }
}
