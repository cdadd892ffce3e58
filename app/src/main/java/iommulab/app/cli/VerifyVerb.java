package iommulab.app.cli;

import iommulab.engine.io.machine.SampleOracle;
import iommulab.engine.io.oracle.GroupsOracle;
import iommulab.engine.io.oracle.Oracle;
import iommulab.engine.io.oracle.RiscvOracle;
import iommulab.engine.io.oracle.UapiOracle;
import iommulab.engine.io.oracle.Verdict;
import iommulab.engine.io.oracle.VtdOracle;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/// Holds the engine against recorded answers: of real kernels, emulators and reference models.
@Command(
        name = "verify",
        description =
                "Compares the engine with recorded answers, in files or folders of any kind it"
                        + " knows.")
final class VerifyVerb implements Callable<Integer> {
    private static final List<Oracle> ORACLES =
            List.of(
                    new GroupsOracle(),
                    new VtdOracle(),
                    new RiscvOracle(),
                    new UapiOracle(),
                    new SampleOracle());

    @Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "PATH",
            arity = "1..*",
            description = "a file, a capture, or a folder of them")
    private List<Path> paths;

    private VerifyVerb() {}

    @Override
    public Integer call() throws IOException {
        var sum = Verdict.NOTHING;
        for (var path : paths) {
            if (!Files.exists(path)) {
                throw new NoSuchFileException(path.toString());
            }
            sum = sum.plus(verify(path));
        }
        var out = spec.commandLine().getOut();
        if (sum.deviating() != 0) {
            out.printf(
                    "%d answered otherwise than recorded, as the specification says"
                            + " (known-deviations.txt)%n",
                    sum.deviating());
        }
        out.printf("%d passed, %d failed", sum.passed(), sum.failed());
        out.println(sum.skipped() == 0 ? "" : ", %d skipped".formatted(sum.skipped()));
        return sum.failed() == 0 ? ExitCode.DONE : ExitCode.DIFFERENT;
    }

    /// A path that no oracle knows is ignored if it is a file, and looked into if it is a folder.
    private Verdict verify(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            var whole = new GroupsOracle().verify(path);
            return whole.isPresent() ? told(whole.get()) : verifyAll(path);
        }
        return told(ask(path).orElse(Verdict.NOTHING));
    }

    private Verdict verifyAll(Path folder) throws IOException {
        List<Path> inside;
        try (Stream<Path> all = Files.list(folder)) {
            inside = all.sorted().toList();
        }
        var sum = Verdict.NOTHING;
        for (var path : inside) {
            sum = sum.plus(verify(path));
        }
        return sum;
    }

    private static Optional<Verdict> ask(Path file) throws IOException {
        for (var oracle : ORACLES) {
            var verdict = oracle.verify(file);
            if (verdict.isPresent()) {
                return verdict;
            }
        }
        return Optional.empty();
    }

    private Verdict told(Verdict verdict) {
        verdict.failures().forEach(spec.commandLine().getOut()::println);
        return verdict;
    }
}
