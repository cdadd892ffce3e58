package iommulab.app.software;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.SoftwareView.Edge;
import iommulab.engine.os.SoftwareView.Fact;
import iommulab.engine.os.SoftwareView.Node;

import org.junit.jupiter.api.Test;

import java.util.List;

class LightsTest {
    private static Node file(String key, boolean forces) {
        return new Node(
                key, "", "VFIO device", 0, 1, 0, List.of(Fact.of("forces snooping", forces)));
    }

    private static Node machine(boolean coherent) {
        return new Node(
                "vm1", "", "virtual machine", 0, 2, 0, List.of(Fact.of("coherent", coherent)));
    }

    private static SoftwareView told(Node machine, Node... files) {
        var nodes = new java.util.ArrayList<>(List.of(machine));
        nodes.add(new Node("kvmdev1", "", "KVM's VFIO device", 0, 1, 0, List.of()));
        nodes.addAll(List.of(files));
        var edges = new java.util.ArrayList<>(List.of(new Edge("kvmdev1", "vm1", "machine")));
        for (var file : files) {
            edges.add(new Edge("kvmdev1", file.key(), "listed"));
        }
        return new SoftwareView(nodes, edges, List.of(), false);
    }

    @Test
    void eachFileOfAMachineHasALight() {
        var lights =
                Lights.of(
                                told(machine(false), file("cdev1", true), file("cdev2", false)),
                                machine(false))
                        .orElseThrow();
        assertThat(lights.files())
                .containsExactly(new Lights.Light("cdev1", true), new Lights.Light("cdev2", false));
        assertThat(lights.coherent()).isFalse();
        assertThat(lights.stale()).isFalse();
    }

    @Test
    void aLightThatItsFilesContradictIsStale() {
        var lights =
                Lights.of(told(machine(true), file("cdev1", false)), machine(true)).orElseThrow();
        assertThat(lights.coherent()).isTrue();
        assertThat(lights.stale()).isTrue();
    }

    @Test
    void whatIsNoMachineHasNone() {
        assertThat(Lights.of(told(machine(true)), file("cdev1", true))).isEmpty();
    }
}
