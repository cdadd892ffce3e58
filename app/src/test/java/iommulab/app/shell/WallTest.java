package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabSession;
import iommulab.app.LabWindow;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;

import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.Label;
import javafx.scene.control.Labeled;
import javafx.scene.control.ToggleButton;
import javafx.scene.text.Text;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.ArrayList;
import java.util.List;

/// What people in the last row see of each perspective, on a wall of 1280 × 720 pixels.
class WallTest {
    private static final double WIDTH = 1280;
    private static final double HEIGHT = 720;

    /// 20 points.
    private static final double SMALLEST = 26.6;

    private final LabSession lab = LabSession.captured("switch-mixed-acs-a");

    @AfterEach
    void close() {
        lab.close();
    }

    @ParameterizedTest
    @EnumSource
    void noButtonAndNoTitleIsCut(Perspective perspective) {
        assertThat(
                        onWall(perspective).stream()
                                .filter(l -> l instanceof ButtonBase || isTitle(l))
                                .filter(l -> isShortened(l) || sticksOut(l))
                                .map(Labeled::getText))
                .as("buttons and titles that are cut")
                .isEmpty();
    }

    /// The Transcript's place is taken, so what is chosen in PASIDs is seen from the tool bar.
    @Test
    void processesAndGuestsFitTheWall() {
        Robot.start();
        try (var machine = LabSession.described(PasidMachine.withProposals())) {
            machine.call("sva.bind(device=%s, process=p0)".formatted(PasidMachine.NVME))
                    .call("kvm.vm_create()")
                    .call("enqcmd.authorize(process=p0, pasid=48)")
                    .call("enqcmd.vm_map(vm=vm1, guest_pasid=5, host_pasid=48)");
            var words =
                    Robot.onScreen(() -> {
                        var bench = machine.bench();
                        bench.open(Perspective.PASIDS);
                        var window = LabWindow.around(bench, List.of());
                        window.picture(WIDTH, HEIGHT);
                        ((ToggleButton) window.scene().lookup("#pasids-by-software")).fire();
                        bench.settings().presenting().set(true);
                        window.picture(WIDTH, HEIGHT);
                        var labels = new ArrayList<Labeled>();
                        collect(window.scene().lookup("#pasid-sharing"), labels);
                        return labels;
                    });
            assertThat(words).as("rows").hasSizeGreaterThan(10);
            assertThat(words.stream().filter(l -> isShortened(l) || isBeside(l)))
                    .extracting(Labeled::getText)
                    .isEmpty();
            assertThat(words.stream().filter(l -> l.getFont().getSize() < SMALLEST))
                    .extracting(Labeled::getText)
                    .isEmpty();
        }
    }

    private static boolean isBeside(Labeled label) {
        var bounds = label.localToScene(label.getLayoutBounds());
        return bounds.getMinX() < 0 || bounds.getMaxX() > WIDTH;
    }

    @ParameterizedTest
    @EnumSource
    void noTextIsSmallerThanTwentyPoints(Perspective perspective) {
        assertThat(
                        onWall(perspective).stream()
                                .filter(l -> l.getFont().getSize() < SMALLEST)
                                .map(Labeled::getText))
                .as("words that are too small")
                .isEmpty();
    }

    private List<Labeled> onWall(Perspective perspective) {
        Robot.start();
        return Robot.onScreen(() -> {
            var bench = lab.bench();
            bench.settings().presenting().set(true);
            bench.open(perspective);
            var window = LabWindow.around(bench, List.of());
            window.picture(WIDTH, HEIGHT);
            var labels = new ArrayList<Labeled>();
            collect(window.scene().getRoot(), labels);
            return labels;
        });
    }

    /// What has a size of its own; parts that make room on a wall have none.
    private static void collect(Node node, List<Labeled> labels) {
        var bounds = node.getLayoutBounds();
        if (!node.isVisible() || bounds.getWidth() < 1 || bounds.getHeight() < 1) {
            return;
        }
        if (node instanceof Labeled label && label.getText() != null) {
            labels.add(label);
        }
        if (node instanceof Parent parent) {
            parent.getChildrenUnmodifiable().forEach(child -> collect(child, labels));
        }
    }

    private static boolean isTitle(Labeled label) {
        return label instanceof Label && label.getStyleClass().contains("panel-title");
    }

    private static boolean isShortened(Labeled label) {
        return label.getChildrenUnmodifiable().stream()
                .filter(Text.class::isInstance)
                .anyMatch(text -> !((Text) text).getText().equals(label.getText()));
    }

    private static boolean sticksOut(Labeled label) {
        var bounds = label.localToScene(label.getLayoutBounds());
        return bounds.getMinX() < 0
                || bounds.getMaxX() > WIDTH
                || bounds.getMinY() < 0
                || label.getStyleClass().contains("panel-title") && bounds.getMaxY() > HEIGHT;
    }
}
