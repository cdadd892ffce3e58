package iommulab.app.shell;

import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.session.Call;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.Trial;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A call that can be made of the kernel from where the user is, as far as it is known.
///
/// @param title what its button says
/// @param call with the arguments that are known
/// @param asked arguments that the user is asked for
public record KernelDeed(String title, Call call, List<Question> asked) {
    public KernelDeed {
        asked = List.copyOf(asked);
    }

    /// An argument that the user is asked for.
    ///
    /// @param proposals the first one stands in the field
    /// @param optional whether the field may stay empty
    /// @param missing what the kernel is asked about while there is nothing to choose
    public record Question(
            String argument, List<String> proposals, boolean optional, String missing) {
        public Question {
            proposals = List.copyOf(proposals);
        }
    }

    /// A call without arguments so far.
    public static KernelDeed of(String title, String action) {
        return new KernelDeed(title, Call.of(action), List.of());
    }

    /// With an argument that is known.
    public KernelDeed with(String argument, Object value) {
        return new KernelDeed(title, call.with(argument, String.valueOf(value)), asked);
    }

    /// With an argument that has to be there.
    public KernelDeed asking(String argument, List<String> proposals) {
        return asking(argument, proposals, "");
    }

    /// The same.
    ///
    /// @param missing what the kernel is asked about while there is nothing to choose, to hear its errno
    public KernelDeed asking(String argument, List<String> proposals, String missing) {
        return asking(new Question(argument, proposals, false, missing));
    }

    /// With an argument that may be left out.
    ///
    /// @param proposals may begin with an empty one
    public KernelDeed offering(String argument, List<String> proposals) {
        return asking(new Question(argument, proposals, true, ""));
    }

    private KernelDeed asking(Question question) {
        var more = new ArrayList<>(asked);
        more.add(question);
        return new KernelDeed(title, call, more);
    }

    /// The call with what is most likely said for what is asked: the first proposal, or a number or a
    /// descriptor that nothing has.
    Call likely() {
        var likely = call;
        for (var question : asked) {
            if (!question.proposals().isEmpty()) {
                var first = question.proposals().getFirst();
                likely = first.isEmpty() ? likely : likely.with(question.argument(), first);
            } else if (!question.optional()) {
                likely = likely.with(question.argument(), missing(question));
            }
        }
        return likely;
    }

    private String missing(Question question) {
        return !question.missing().isEmpty()
                ? question.missing()
                : isNumber(question) ? "0" : "bad";
    }

    private boolean isNumber(Question question) {
        return Vocabulary.all()
                .find(call.name())
                .flatMap(entry -> entry.parameter(question.argument()))
                .filter(parameter -> parameter.type() == Vocabulary.Type.NUMBER)
                .isPresent();
    }

    /// Whether nothing that a user could say would make the call succeed: nothing is left to say, there is
    /// nothing to choose from, or the file has no such call.
    ///
    /// @param trial of the [#likely] call
    boolean isHopeless(Trial trial) {
        boolean nothingToChoose =
                asked.stream().anyMatch(q -> !q.optional() && q.proposals().isEmpty());
        return !trial.succeeds()
                && (isComplete() || nothingToChoose || trial.errno().equals("ENOTTY"));
    }

    /// Whether it is complete without asking.
    public boolean isComplete() {
        return asked.isEmpty();
    }

    /// Name of its button in the scene, such as `deed-iommufd-destroy`.
    public String id() {
        return "deed-"
                + (call.name() + (call.arguments().containsKey("attr") ? "-" + title : ""))
                        .replaceAll("[ .…]+", "-")
                        .toLowerCase(Locale.ROOT);
    }

    /// The command that the console makes of the call.
    public static Command command(Call call) {
        try {
            return CommandText.toCommand(call);
        } catch (CommandRefused unreadable) {
            // Whoever answers the command says the same beside the control.
            return new Command.KernelCall(call);
        }
    }
}
