package iommulab.app;

import iommulab.engine.io.FileRefused;
import iommulab.engine.io.machine.MachineFile;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The machines that are part of the program, in the order in which one learns from them.
final class Samples {
    /// Stories of the kernel's interface: each is a lab in which both sides can be tried.
    private static final List<String> LABS =
            List.of(
                    "lab-writeback",
                    "lab-ownership",
                    "lab-enqcmd",
                    "lab-one-fd",
                    "lab-invalidation",
                    "gpu-passthrough",
                    "group-not-viable",
                    "nested-sva",
                    "two-vms",
                    "guest-pasids-amd",
                    "identity-rmrr",
                    "dirty-tracking",
                    "failed-invalidation",
                    "mdev-beside-vf");

    private static final List<String> MACHINES =
            List.of(
                    "lab-station",
                    "first-walk",
                    "superpages",
                    "stale-iotlb",
                    "device-tlb",
                    "peer-to-peer",
                    "captured-switch",
                    "captured-bridges",
                    "captured-sriov",
                    "captured-amd",
                    "one-mapping",
                    "first-walk-vtd",
                    "first-walk-amd",
                    "first-walk-smmu",
                    "first-walk-riscv",
                    "pasids-vtd",
                    "pasids-amd",
                    "pasids-smmu",
                    "pasids-riscv",
                    "nested-vtd",
                    "nested-amd",
                    "nested-smmu",
                    "nested-riscv",
                    "interrupt-file-riscv",
                    "granules-smmu",
                    "five-levels-vtd",
                    "five-levels-amd",
                    "five-levels-riscv",
                    "faults-vtd-legacy",
                    "faults-vtd",
                    "faults-amd",
                    "faults-smmu",
                    "faults-riscv");

    static final List<String> NAMES = Stream.concat(MACHINES.stream(), LABS.stream()).toList();

    private static final Pattern IN_EVERY_FORMAT =
            Pattern.compile(
                    "one-mapping|(first-walk|pasids|nested|faults|interrupt-file|granules|five-levels)-.+");

    private Samples() {}

    /// A sample as its file has it.
    ///
    /// @param name one of [#NAMES]
    static MachineFile read(String name) throws FileRefused {
        var file = "/samples/" + name + MachineFile.ENDING;
        try (var in = Samples.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new FileNotFoundException(file + " is not packaged");
            }
            return MachineFile.read(new InputStreamReader(in, StandardCharsets.UTF_8));
        } catch (IOException damaged) {
            throw new FileRefused(
                    "sample",
                    "it cannot be read (%s)".formatted(damaged.getMessage()),
                    "Install the program again.",
                    damaged);
        }
    }

    /// The menu that offers a sample: labs, and those that exist for every architecture, have their own.
    static String menu(String name) {
        if (LABS.contains(name)) {
            return "File/Labs";
        }
        return IN_EVERY_FORMAT.matcher(name).matches() ? "File/Architectures" : "File/Samples";
    }

    /// A sample in a menu.
    ///
    /// @param name of its machine
    /// @param about the first thing that is said of it
    record Line(String name, String about) {}

    /// Reads what the menu says of a sample, away from the caller's thread.
    static CompletableFuture<Line> line(String name) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                var machine = read(name).machine();
                return new Line(machine.name(), firstSentence(machine.about()));
            } catch (FileRefused damaged) {
                throw new CompletionException(damaged);
            }
        });
    }

    /// Up to the first full stop, colon or semicolon that ends a thought.
    static String firstSentence(String about) {
        return about.split("[.:;](?= |$)", 2)[0];
    }
}
