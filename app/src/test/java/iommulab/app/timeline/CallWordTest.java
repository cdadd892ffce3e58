package iommulab.app.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.shell.Subject;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandText;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// What a call in the transcript leads to.
class CallWordTest {
    private static final PciAddress NIC = PciAddress.parse("0000:03:00.1");
    private static final PciAddress DISK = PciAddress.parse("10000:04:00.0");

    private static List<Subject> subjects(Command command) {
        return subjects(CommandText.of(command));
    }

    private static List<Subject> subjects(String call) {
        var words = CallWord.ofCall(call);
        assertThat(words.stream().map(CallWord::text).collect(Collectors.joining()))
                .as("the words together")
                .isEqualTo(call);
        return words.stream().map(CallWord::leadsTo).flatMap(Optional::stream).toList();
    }

    @Test
    void aCallLeadsToItsFunctionsDomainsAndUnits() {
        assertThat(subjects(new Command.AttachDevice(NIC, 12)))
                .containsExactly(new Subject.Function(NIC), new Subject.Domain(12));
        assertThat(subjects(new Command.SetTranslation("dmar1", true)))
                .containsExactly(new Subject.Unit("dmar1"));
        var peers = new TrafficSource(1, NIC, new Pattern.PeerToPeer(DISK, 0), 1, 64, 50, 7);
        assertThat(subjects(new Command.SetSource(peers)))
                .containsExactly(new Subject.Function(NIC), new Subject.Function(DISK));
    }

    @Test
    void whatNamesNothingLeadsNowhere() {
        assertThat(subjects(new Command.RunTraffic(1000))).isEmpty();
        assertThat(subjects(new Command.BindDriver(NIC, Optional.of("a, domain=3)"))))
                .containsExactly(new Subject.Function(NIC));
        assertThat(subjects("domain.delete(domain=99999999999)")).isEmpty();
    }

    @Test
    void aResultLeadsToTheDomainThatWasMade() {
        assertThat(CallWord.ofResult("domain 7").getFirst().leadsTo())
                .contains(new Subject.Domain(7));
        assertThat(CallWord.ofResult("fault 05h").getFirst().leadsTo()).isEmpty();
    }
}
