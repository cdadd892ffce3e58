package iommulab.app.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.Robot;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.pci.PciAddress;

import javafx.scene.Node;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

/// Following links in the inspector.
class InspectorFlowTest {
    private static final PciAddress NIC = PciAddress.parse("0000:06:00.0");

    private static boolean isInInspector(Node node) {
        for (var n = node; n != null; n = n.getParent()) {
            if ("inspector".equals(n.getId())) {
                return true;
            }
        }
        return false;
    }

    /// Presses a link or a button of the inspector; it may lie below what is scrolled to.
    private static void follow(LiveLab lab, String words) {
        lab.robot().until("a link " + words, () -> !links(words).isEmpty());
        Robot.onScreen(links(words).getFirst()::fire);
        lab.robot().settle();
    }

    private static java.util.List<ButtonBase> links(String words) {
        return Robot.all(ButtonBase.class, b -> words.equals(b.getText()) && isInInspector(b));
    }

    private static String title(LiveLab lab) {
        return Robot.onScreen(() -> ((Label) lab.robot().find("#inspector-title")).getText());
    }

    @Test
    void linksLeadFromAFunctionToItsGroupItsMembersAndItsDomainAndBack() {
        try (var lab = LiveLab.on("switch-noacs-a")) {
            lab.withAllOfTheInspector().selects(new Subject.Function(NIC));
            var group = lab.machine().grouping().groupOf(NIC).orElseThrow();
            assertThat(Robot.all(Hyperlink.class, InspectorFlowTest::isInInspector)).isNotEmpty();
            follow(lab, Integer.toString(group.id()));
            assertThat(lab.subject()).isEqualTo(new Subject.Group(group.id()));
            lab.robot()
                    .until("it is about the group", () -> title(lab).equals("group " + group.id()));
            follow(lab, NIC.toString());
            assertThat(lab.subject()).isEqualTo(new Subject.Function(NIC));
            var domain =
                    lab.machine().domains().stream()
                            .filter(d -> d.attached().contains(NIC))
                            .findFirst()
                            .orElseThrow();
            follow(lab, domain.name());
            assertThat(lab.subject()).isEqualTo(new Subject.Domain(domain.id()));
            lab.robot().press(KeyCode.ALT, KeyCode.LEFT).press(KeyCode.ALT, KeyCode.LEFT);
            assertThat(lab.subject()).isEqualTo(new Subject.Group(group.id()));
        }
    }

    @Test
    void aButtonOpensThePerspectiveThatSaysMore() {
        try (var lab = LiveLab.on("switch-noacs-a")) {
            var group = lab.machine().grouping().groupOf(NIC).orElseThrow();
            lab.withAllOfTheInspector().selects(new Subject.Group(group.id()));
            follow(lab, "Show in Groups");
            assertThat(lab.perspective()).isEqualTo(Perspective.GROUPS);
        }
    }
}
