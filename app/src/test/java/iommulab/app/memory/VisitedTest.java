package iommulab.app.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Back and forward among frames.
class VisitedTest {
    private final Visited visited = new Visited();

    @Test
    void backLeadsToTheWordThatWasLeft() {
        visited.visit(0x1000);
        visited.visit(0x1008);
        visited.visit(0x5000);
        assertThat(visited.back()).isEqualTo(0x1008);
        assertThat(visited.canGoBack()).isFalse();
        assertThat(visited.forward()).isEqualTo(0x5000);
    }

    @Test
    void aNewFrameForgetsWhatLayAhead() {
        visited.visit(0x1000);
        visited.visit(0x5000);
        visited.back();
        visited.visit(0x9000);
        assertThat(visited.canGoForward()).isFalse();
        assertThat(visited.back()).isEqualTo(0x1000);
    }
}
