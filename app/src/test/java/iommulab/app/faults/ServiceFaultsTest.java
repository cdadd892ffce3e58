package iommulab.app.faults;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.shell.Subject;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Session;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;

/// Faults that only devices with a TLB or page requests cause, as the galleries cause them.
class ServiceFaultsTest {
    private static MachineSnapshot gallery(String name) {
        try {
            var sample =
                    MachineFile.read(Path.of("../samples/faults-%s.iommulab.json".formatted(name)));
            try (var session = Session.open(sample.machine(), sample.journal())) {
                return session.newest();
            }
        } catch (FileRefused | CommandRefused e) {
            throw new AssertionError(e);
        }
    }

    private static FaultsModel.Case chosen(String gallery, String reason) {
        var machine = gallery(gallery);
        var fault =
                machine.faults().stream()
                        .filter(f -> f.reason().name().equals(reason))
                        .findFirst()
                        .orElseThrow();
        return FaultsModel.of(machine, new Subject.Fault(fault.sequence())).chosen().orElseThrow();
    }

    @Test
    void aTranslatedRequestIsNotHeldAgainstTheMappings() {
        var shown = chosen("vtd-legacy", "TYPE_BLOCKED");
        assertThat(shown.finding()).startsWith("03:00.0 sent 0x2000010, translated already, and");
        assertThat(shown.kind().what()).isEqualTo("translated read 0x2000010");
        assertThat(shown.causes().getFirst().title())
                .isEqualTo("The translated request was refused");
        assertThat(shown.causes()).noneMatch(cause -> cause.title().contains("maps"));
    }

    @Test
    void aQuestionThatIsRefusedIsToldAsOne() {
        var shown = chosen("smmu", "BAD_ATS_REQUEST");
        assertThat(shown.finding()).startsWith("03:00.0 asked for the translation of 0x40000010");
        assertThat(shown.kernelLines()).singleElement().asString().contains("F_BAD_ATS_TREQ");
    }

    @Test
    void aPageRequestThatIsRefusedIsNoAccess() {
        var shown = chosen("vtd", "PAGE_REQUESTS_OFF");
        assertThat(shown.finding()).startsWith("03:00.0 asked for the page at 0x40000000");
        assertThat(shown.kind().what()).isEqualTo("page request 0x40000000");
    }
}
