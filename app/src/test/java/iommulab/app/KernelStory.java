package iommulab.app;

import iommulab.engine.session.Call;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.Outcome;

/// Calls of the kernel that somebody made before, in the words of the console.
public final class KernelStory {
    private final LiveLab lab;

    private KernelStory(LiveLab lab) {
        this.lab = lab;
    }

    public static KernelStory on(LiveLab lab) {
        return new KernelStory(lab);
    }

    /// @param call such as `iommufd.open()`
    public KernelStory did(String call) {
        lab.did(command(call));
        return this;
    }

    /// What the kernel answers.
    public static Outcome answer(LiveLab lab, String call) {
        return lab.did(command(call));
    }

    private static Command command(String call) {
        try {
            return CommandText.toCommand(Call.parse(call));
        } catch (CommandRefused unreadable) {
            throw new AssertionError(call, unreadable);
        }
    }
}
