"""What the user can do, in the order of the menus; the commands of pages and panes are made of them."""

from headlight.viewer.builtin.methods import OF_HEADS, OF_POINTS, OF_TARGETS, THROUGH_LAYERS
from headlight.viewer.registry import REGISTRY, Change, Command, Needs

_OPEN = Needs()
_READ = Needs(trace=True)
_LAYERS = Needs(layers=True)
_HEADS = Needs(("cells",), layers=True)
_CHARACTERS = Needs(("characters",))
_AGAIN = Needs(("read",), holds=".session.able:recorded_and_here")
_TYPED = Needs(("written",), holds=".session.able:recorded")
_CELLS = Needs(("cells",), ("attention", "generation"), trace=True)
_MAPS = Needs(("cells",), ("attention", "generation", "compare", "arcs"), trace=True)
_STEPPED = Needs(("cells",), ("attention", "generation", "weight"), trace=True)
_CELLS_OR_FIELDS = Needs(("cells",), ("attention", "generation", "fields"), trace=True)
_CHANGED = Needs(("read",), holds=".session.able:no_interventions")
_CHANGES = Needs(("cells",), layers=True, holds=".session.able:no_changes")
_ONE_OF_FILES = Needs(holds=".session.able:one_file")
_ONE_OF_FRAMES = Needs(holds=".session.able:one_frame")
_EXPERIMENTS = ".app.commands.experiments"
_TABLE = Needs(holds=".session.able:no_columns")
_EXPORTS = Needs(holds=".session.able:nothing_to_export")
_UNITS = Needs(("pixels",), ("fields",), trace=True)
_CLOUD = Needs(("positions",))
_ANSWERED = Needs(("positions",), trace=True)
_DETECTED = Needs(("positions",), ("boxes",), trace=True)
_ONE_BOX = Needs(("positions",), ("boxes",), trace=True, holds=".session.able:no_box_selected")
_HIDDEN = Needs(("positions",), holds=".session.able:none_hidden")

_WRITES = Needs(("written",), trace=True, holds=".session.able:writes_nothing")
_WRITTEN = Needs(("written",), trace=True, holds=".session.able:nothing_written")

_MAP = ".session.view:MapSettings"
_FIELD = ".session.view:FieldSettings"
_IN_CLOUD = ".session.view:CloudSettings"
_SELECTION = ".app.commands.selection"
_PANES = ".app.commands.panes"
_STEP = f"{_PANES}:step_field"
_CLOUDS = ".app.commands.clouds"
_BOXES = ".app.commands.boxes"
_LOOK = f"{_CLOUDS}:look"
_LOOKS = ".app.commands.looks"
_SCALE = f"{_LOOKS}:scale_text"

REGISTRY.add(
    Command("open", "Open file…", "File", "choose_files", ("Ctrl+O",)),
    Command("open-room", "Open a folder…", "File", "choose_room"),
    Command("new-text", "New sentence", "File", "new_text", ("Ctrl+N",)),
    Command("new-stack", "New stack of convolutions", "File", "runs.open_stack", ("Ctrl+Shift+N",)),
    Command(
        id="in-words",
        title="Put a text beside the picture",
        category="File",
        run=f"{_PANES}:ask_in_words",
        needs=Needs(("pixels",), holds=".session.able:recorded"),
    ),
    Command(
        id="second-picture",
        title="Put a second picture beside this one…",
        category="File",
        run="choose_second",
        needs=Needs(("again", "pixels")),
    ),
    Command("paste", "Paste text, image or file", "File", "paste", ("Ctrl+V",)),
    Command("run-again", "Run again", "File", "run_again", ("F5",), _AGAIN),
    Command("cancel", "Cancel what runs", "File", "cancel", ("Ctrl+.",), enabled="is_busy"),
    Command(
        id="resume",
        title="Go on with what was cancelled",
        category="File",
        run="resume",
        keys=("Ctrl+Shift+R",),
        enabled="can_resume",
    ),
    Command("model-folder", "Open a model folder…", "File", "models.choose_folder", ("Ctrl+M",)),
    Command(
        "model-file",
        "Open a model file (GGUF, checkpoint)…",
        "File",
        "models.choose_checkpoint",
    ),
    Command("models", "Manage models…", "File", "manager.open", ("Ctrl+Shift+M",)),
    Command("columns", "Columns of the table…", "File", "columns.open", (), _TABLE),
    Command(
        id="forget-columns",
        title="Forget what columns of tables were said to be",
        category="File",
        run="columns.forget",
        enabled="columns.remembers",
    ),
    Command("export", "Export…", "File", "exports.open", ("Ctrl+E",), _EXPORTS),
    Command("report", "Report…", "File", "exports.report", (), Needs(("read",), trace=True)),
    Command("screenshot", "Save a picture of the window…", "File", "save_screenshot", ("Ctrl+Shift+S",)),
    *(
        Command(id_, title, "File", f".app.commands.steps:{act}", (key,), needs, arguments=(by,))
        for id_, title, key, by, act, needs in (
            ("file-next", "Next file of the folder", "PgDown", 1, "walk_files", _ONE_OF_FILES),
            ("file-previous", "Previous file of the folder", "PgUp", -1, "walk_files", _ONE_OF_FILES),
            ("frame-next", "Next picture of the file", "Ctrl+PgDown", 1, "turn", _ONE_OF_FRAMES),
            ("frame-previous", "Previous picture of the file", "Ctrl+PgUp", -1, "turn", _ONE_OF_FRAMES),
        )
    ),
    Command("close", "Close document", "File", "close_document", ("Ctrl+W",), _OPEN),
    Command(
        id="reopen",
        title="Reopen closed document",
        category="File",
        run="runs.reopen",
        keys=("Ctrl+Shift+T",),
        enabled="session.can_reopen",
    ),
    Command("quit", "Quit", "File", "close", ("Ctrl+Q",)),
)

REGISTRY.add(
    Command("undo", "Undo", "Edit", "session.undo", ("Ctrl+Z",), enabled="session.can_undo"),
    Command("redo", "Redo", "Edit", "session.redo", ("Ctrl+Shift+Z", "Ctrl+Y"), enabled="session.can_redo"),
    Command("edit-text", "Edit the text", "Edit", f"{_PANES}:edit_text", ("F2",), _TYPED),
    Command(
        id="clear",
        title="Stop reading a file, else clear the selection",
        category="Edit",
        run=".app.commands.escape:clear",
        keys=("Esc",),
        enabled=".app.commands.escape:can_clear",
    ),
    Command("select-all", "Select all tokens", "Edit", f"{_SELECTION}:take_all", ("Ctrl+A",), _READ),
    Command(
        id="as-the-model-has-it",
        title="Numbers of the weight as the model has them",
        category="Edit",
        run=f"{_SELECTION}:as_the_model_has_it",
        needs=Needs(("cells",), ("weight",), layers=True, holds=".session.able:nothing_by_hand"),
    ),
    Command("copy-numbers", "Copy the shown weights", "Edit", f"{_PANES}:copy_shown", ("Ctrl+C",)),
)

_SWITCH = (True, False)
_WITHOUT_SELF = "Attention distance without a patch's weight on itself"
_FLAT = ("orthographic", "perspective")

REGISTRY.add(
    *(
        Command(
            id=f"show-{method.id}",
            title=f"Show {method.noun}",
            category="Map",
            run=Change(_MAP, setting, (method.id,), pane),
            keys=(method.key,) if method.key else (),
            needs=method.needs,
        )
        for setting, pane, methods in (
            ("method", "", OF_HEADS),
            ("relevance", "relevance", (*THROUGH_LAYERS, *OF_TARGETS)),
        )
        for method in methods
    ),
    Command("heads-one", "One head", "Map", Change(_MAP, "heads", ("one",)), ("1",), _HEADS),
    Command("heads-mean", "Mean of heads", "Map", Change(_MAP, "heads", ("mean",)), ("2",), _HEADS),
    Command("heads-max", "Maximum of heads", "Map", Change(_MAP, "heads", ("max",)), ("3",), _HEADS),
    Command(
        id="direction",
        title="Who looks at the token, instead of where it looks",
        category="Map",
        run=Change(_MAP, "incoming", _SWITCH),
        keys=("D",),
        needs=_CELLS,
    ),
    Command(
        id="several",
        title="Sum of several tokens, instead of their mean",
        category="Map",
        run=Change(_MAP, "several", ("sum", "mean")),
        needs=_CELLS,
    ),
    Command("log", "Logarithmic scale", "Map", Change(_MAP, "log", _SWITCH), ("L",), _CELLS_OR_FIELDS),
    Command("shared", "One scale for all heads", "Map", Change(_MAP, "shared", _SWITCH), ("G",), _CELLS),
    Command(
        "hide-special", "Hide special tokens", "Map", Change(_MAP, "hide_special", _SWITCH), ("H",), _MAPS
    ),
    Command(
        id="whole-words",
        title="Merge subwords to words",
        category="Map",
        run=Change(_MAP, "whole_words", _SWITCH),
        keys=("W",),
        needs=_CHARACTERS,
    ),
    Command(
        "leave-out", "Leave sinks out of the scale", "Map", Change(_MAP, "leave_out", _SWITCH), ("X",), _MAPS
    ),
)

REGISTRY.add(
    *(
        Command(id_, title, "Heads", f"{_SELECTION}:step_head", (key,), _LAYERS, arguments=by)
        for id_, title, key, by in (
            ("layer-next", "Next layer", "Right", (1, 0)),
            ("layer-previous", "Previous layer", "Left", (-1, 0)),
            ("head-next", "Next head", "Down", (0, 1)),
            ("head-previous", "Previous head", "Up", (0, -1)),
        )
    ),
    *(
        Command(id_, title, "Heads", f"{_SELECTION}:step_query", (key,), _STEPPED, arguments=(by,))
        for id_, title, key, by in (
            ("query-next", "Next token as query", "]", 1),
            ("query-previous", "Previous token as query", "[", -1),
        )
    ),
)

REGISTRY.add(
    *(
        Command(
            f"heads-{way}", title, "Experiments", f"{_EXPERIMENTS}:heads", keys, _CHANGES, arguments=(way,)
        )
        for way, title, keys in (
            ("off", "Switch the chosen heads off, or on again", ("K",)),
            ("half", "Scale the chosen heads by 0.5", ()),
            ("double", "Scale the chosen heads by 2", ()),
            ("uniform", "Make the chosen heads uniform", ("Shift+U",)),
            ("restore", "Leave the chosen heads as they were", ("Shift+K",)),
        )
    ),
    Command(
        "heads-freeze",
        "Freeze the chosen heads to another input",
        "Experiments",
        f"{_EXPERIMENTS}:freeze",
        (),
        _CHANGES,
    ),
    Command(
        "heads-take", "Choose the selected head too", "Experiments", f"{_EXPERIMENTS}:take", ("J",), _CHANGES
    ),
    Command(
        id="heads-alone",
        title="Choose the selected head alone",
        category="Experiments",
        run=f"{_EXPERIMENTS}:one_head",
        keys=("Shift+J",),
        needs=Needs(("cells",), layers=True, holds=".session.able:no_chosen_heads"),
    ),
    Command(
        id="mask",
        title="Hide what is selected from the model, or show it",
        category="Experiments",
        run=f"{_EXPERIMENTS}:mask",
        keys=("M",),
        needs=Needs(("read",), trace=True, holds=".session.able:no_hiding"),
    ),
    Command(
        id="swap",
        title="Swap the two selected words or patches",
        category="Experiments",
        run=f"{_EXPERIMENTS}:swap",
        needs=Needs(("cells",), trace=True, holds=".session.able:no_swap"),
    ),
    Command(
        "take-back",
        "Take back all that is changed",
        "Experiments",
        f"{_EXPERIMENTS}:clear",
        ("Shift+Backspace",),
        _CHANGED,
    ),
)

REGISTRY.add(
    Command(
        id="go-on",
        title="Continue the text",
        category="Generation",
        run=f"{_SELECTION}:go_on",
        keys=("Ctrl+Return",),
        needs=_WRITES,
        arguments=("generation",),
    ),
    Command("write-anew", "Write anew", "Generation", f"{_SELECTION}:write_anew", (), _WRITTEN),
    *(
        Command(id_, title, "Generation", f"{_SELECTION}:walk", (key,), _WRITTEN, arguments=(by,))
        for id_, title, key, by in (
            ("step-next", "One written token more", ".", 1),
            ("step-back", "One written token less", ",", -1),
        )
    ),
)

REGISTRY.add(
    *(
        Command(id_, title, "Field", Change(_FIELD, name, values), keys, _UNITS)
        for id_, title, name, values, keys in (
            ("field-box", "Draw the theoretical field", "box", _SWITCH, ("B",)),
            ("field-heat", "Draw the effective field", "heat", _SWITCH, ("E",)),
            ("field-contours", "Draw contours of 50 % and 95 %", "contours", _SWITCH, ("C",)),
            ("field-row", "Draw the row of the attention head", "row", _SWITCH, ("A",)),
            ("field-windows", "Draw the edges of attention windows", "windows", _SWITCH, ("W",)),
            ("field-self", _WITHOUT_SELF, "include_self", (False, True), ()),
            ("field-inputs-1", "Effective field over 1 inputs", "inputs", (1,), ()),
            ("field-inputs-8", "Effective field over 8 inputs", "inputs", (8,), ()),
            ("field-inputs-32", "Effective field over 32 inputs", "inputs", (32,), ()),
            ("field-inputs-128", "Effective field over 128 inputs", "inputs", (128,), ()),
            ("field-noise", "Effective field over noise", "source", ("noise", "picture"), ("N",)),
        )
    ),
    Command("field-layer-next", "Next layer", "Field", _STEP, (".",), _UNITS, arguments=(1,)),
    Command("field-layer-previous", "Previous layer", "Field", _STEP, (",",), _UNITS, arguments=(-1,)),
    Command(
        id="field-operations",
        title="List all operations, not blocks alone",
        category="Field",
        run=Change(_FIELD, "all_operations", _SWITCH),
        keys=("O",),
        needs=_UNITS,
    ),
)

REGISTRY.add(
    *(
        Command(
            id=f"{view}-{by}",
            title=f"{view.capitalize()} view: {title}",
            category="Cloud",
            run=Change(_IN_CLOUD, view, (by,)),
            keys=(shift + key,) if key else (),
            needs=Needs(("positions",), holds=".slices.clouds.colours:no_colouring", about=by),
        )
        for view, shift in (("first", ""), ("second", "Shift+"))
        for by, title, key in (
            ("prediction", "prediction", "P"),
            ("truth", "ground truth", "T"),
            ("error", "error", "X"),
            ("rgb", "RGB", "C"),
            ("height", "height", "Z"),
            ("confidence", "confidence", ""),
            ("entropy", "entropy", ""),
            ("stage", "stage", ""),
            ("attention", "attention", ""),
            ("critical", "critical points", ""),
            ("bound", "upper bound", ""),
        )
    ),
    *(
        Command(
            id=f"show-{method.id}",
            title=f"Reach: {method.noun}",
            category="Cloud",
            run=Change(_MAP, "method", (method.id,)),
            keys=(method.key,),
            needs=method.needs,
        )
        for method in OF_POINTS
    ),
    *(
        Command(f"look-{name}", f"Look from {side}", "Cloud", _LOOK, (key,), _CLOUD, arguments=(name,))
        for name, side, key in (
            ("top", "the top", "Shift+Up"),
            ("bottom", "the bottom", "Shift+Down"),
            ("left", "the left", "Shift+Left"),
            ("right", "the right", "Shift+Right"),
            ("front", "the front", "Shift+Home"),
            ("back", "the back", "Shift+End"),
            ("iso", "a corner", "Home"),
        )
    ),
    *(
        Command(f"{id_}-box", title, "Boxes", f"{_BOXES}:act", keys, _ONE_BOX, arguments=(name,))
        for id_, name, title, keys in (
            ("delete", "delete", "Delete the selected box", ("Delete",)),
            ("turn-left", "left", "Turn the selected box left", ("[",)),
            ("turn-right", "right", "Turn the selected box right", ("]",)),
            ("flip", "flip", "Turn the selected box front to back", ("/",)),
            ("east", "east", "Move the selected box along x", ("Alt+Right",)),
            ("west", "west", "Move the selected box against x", ("Alt+Left",)),
            ("north", "north", "Move the selected box along y", ("Alt+Up",)),
            ("south", "south", "Move the selected box against y", ("Alt+Down",)),
            ("raise", "up", "Raise the selected box", ("Alt+PgUp",)),
            ("lower", "down", "Lower the selected box", ("Alt+PgDown",)),
            ("longer", "longer", "Make the selected box longer", ("Ctrl+Alt+Up",)),
            ("shorter", "shorter", "Make the selected box shorter", ("Ctrl+Alt+Down",)),
            ("wider", "wider", "Make the selected box wider", ("Ctrl+Alt+Right",)),
            ("narrower", "narrower", "Make the selected box narrower", ("Ctrl+Alt+Left",)),
        )
    ),
    Command("add-box", "Add a box under the cursor", "Boxes", f"{_BOXES}:add", ("Insert",), _DETECTED),
    Command(
        id="lasso",
        title="Lasso: a drag selects points",
        category="Cloud",
        run=f"{_CLOUDS}:toggle_lasso",
        keys=("L",),
        needs=_ANSWERED,
        checked=f"{_CLOUDS}:has_lasso",
    ),
    *(
        Command(id_, title, "Cloud", Change(_IN_CLOUD, name, values), keys, _CLOUD)
        for id_, title, name, values, keys in (
            ("orthographic", "Orthographic projection", "projection", _FLAT, ("O",)),
            ("eye-dome", "Eye-dome lighting", "eye_dome", _SWITCH, ("E",)),
            ("cutaway", "Cut away the walls in between", "cutaway", _SWITCH, ("W",)),
            ("palette-s3dis", "The class colours of S3DIS", "palette", ("s3dis", "soft"), ()),
        )
    ),
    Command("points-larger", "Larger points", "Cloud", f"{_CLOUDS}:resize", (".",), _CLOUD, arguments=(0.5,)),
    Command(
        "points-smaller", "Smaller points", "Cloud", f"{_CLOUDS}:resize", (",",), _CLOUD, arguments=(-0.5,)
    ),
    Command("show-classes", "Show all classes", "Cloud", f"{_CLOUDS}:show_classes", ("Shift+H",), _HIDDEN),
    Command("up-axis", "Another axis points up", "Cloud", f"{_CLOUDS}:turn_up", ("U",), _CLOUD),
)

REGISTRY.add(
    Command("palette", "Find a command", "View", "open_palette", ("Ctrl+K",)),
    Command("document-next", "Next document", "View", "step_document", ("Ctrl+Tab",), arguments=(1,)),
    Command(
        "document-previous",
        "Previous document",
        "View",
        "step_document",
        ("Ctrl+Shift+Tab",),
        arguments=(-1,),
    ),
    Command("fit", "Fit pictures to their panes", "View", f"{_PANES}:fit", ("F",), _OPEN),
    Command("layout", "Reset the layout", "View", "reset_layout", ("Ctrl+0",)),
    Command("messages", "Messages", "View", "status.switch_messages", ("F8",)),
    Command("full-screen", "Full screen", "View", "toggle_full_screen", ("F11",)),
    *(
        Command(
            id=f"theme-{name}",
            title=f"Theme: {name}",
            category="View",
            run=f"{_LOOKS}:set_theme",
            checked=f"{_LOOKS}:has_theme",
            arguments=(name,),
        )
        for name in ("dark", "light", "system")
    ),
    Command("text-larger", "Larger text", "View", _SCALE, ("Ctrl++", "Ctrl+="), arguments=(1,)),
    Command("text-smaller", "Smaller text", "View", _SCALE, ("Ctrl+-",), arguments=(-1,)),
    Command("keys", "Keyboard shortcuts", "Help", ".app.commands.help:show_keys", ("F1",)),
    Command("about", "About Headlight", "Help", ".app.commands.help:show_about"),
)
