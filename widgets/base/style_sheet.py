"""The one style sheet: every standard control in the theme's colours, lengths in parts of a text line."""

from __future__ import annotations

from string import Template

_SHEET = Template("""
QWidget { color: $text; selection-background-color: $amber; selection-color: $on_amber; }
QWidget:disabled { color: $faint; }
QMainWindow, QDialog { background: $background; }
QLabel { background: transparent; }
QLabel[role="dim"] { color: $dim; }
QLabel[role="small"] { color: $dim; font-size: ${small}px; }
QLabel[role="heading"] { color: $dim; }
QLabel[role="title"] { font-weight: 600; }
QLabel[role="large"] { font-size: ${large}px; font-weight: 600; }
QLabel[role="display"] { font-size: ${display}px; font-weight: 600; }
QLabel[role="value"] { font-weight: 500; }
QLabel[role="good"] { color: $green; }
QLabel[role="bad"] { color: $red; }

QPushButton, QToolButton, QComboBox {
  background: $raised; border: 1px solid $line; border-radius: ${r}px; padding: ${p1}px ${p3}px; }
QToolButton { padding: ${p1}px ${p2}px; }
QPushButton:hover, QToolButton:hover, QComboBox:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $line; }
QPushButton:checked, QToolButton:checked { background: $hover; font-weight: 600; }
QPushButton:focus, QToolButton:focus, QComboBox:focus { border-color: $blue; }
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled { background: transparent; }
QPushButton[role="primary"] { background: $amber; border-color: $amber; color: $on_amber; font-weight: 600; }
QPushButton[role="primary"]:focus { border-color: $text; }
QPushButton[role="primary"]:disabled { background: $raised; border-color: $line; color: $faint; }
QPushButton[role="flat"], QToolButton[role="flat"] {
  background: transparent; border: 1px solid transparent; padding: ${p0}px; }
QPushButton[role="flat"]:hover, QToolButton[role="flat"]:hover { background: $hover; }
QPushButton[role="flat"]:focus, QToolButton[role="flat"]:focus { border-color: $blue; }
QToolButton::menu-indicator { image: none; }
QToolButton[role="pane-choice"] {
  background: transparent; border: none; padding: 0; font-weight: 600; }
QToolButton[role="pane-choice"]:hover, QToolButton[role="pane-choice"]:open {
  background: transparent; color: $blue; }

QFrame[role="segmented"] { background: $panel; border: 1px solid $line; border-radius: ${r}px; }
QPushButton[role="segment"] { background: transparent; border: 1px solid transparent;
  border-radius: ${r_in}px; color: $dim; padding: ${p1}px ${p1}px; }
QPushButton[role="segment"]:hover { color: $text; }
QPushButton[role="segment"]:checked { background: $hover; color: $text; font-weight: 600; }
QPushButton[role="segment"]:disabled { color: $faint; }
QPushButton[role="segment"]:focus { border-color: $blue; }
QLineEdit[role="value"] { background: transparent; border: none; border-bottom: 1px solid transparent;
  border-radius: 0; font-weight: 500; padding: 0; }
QLineEdit[role="value"]:hover { border-bottom-color: $dim; }
QLineEdit[role="value"]:focus { border-bottom-color: $blue; }
QFrame[role="rule"] { background: $line; border: none; max-height: 1px; min-height: 1px; }

QPushButton[role="chip"], QPushButton[role="chip-selected"], QPushButton[role="chip-hovered"],
QPushButton[role="chip-special"] {
  background: $raised; border: 1px solid $line; border-radius: ${r}px; padding: ${p0}px ${p2}px; }
QPushButton[role="chip-special"] { border-style: dashed; border-color: $dim; }
QPushButton[role="chip-selected"] { border: 2px solid $amber; padding: ${p0_in}px ${p2_in}px;
  color: $amber_text; font-weight: 500; }
QPushButton[role="chip-hovered"] { border-color: $blue; }
QPushButton[role="chip"]:hover, QPushButton[role="chip-special"]:hover, QPushButton[role="chip"]:focus,
QPushButton[role="chip-special"]:focus, QPushButton[role="chip-selected"]:focus { border-color: $blue; }

QScrollArea, QAbstractScrollArea { border: none; background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }

QFrame[role="pane-title"] { background: $panel; border: 1px solid $line; border-top-left-radius: ${r_pane}px;
  border-top-right-radius: ${r_pane}px; }
QFrame[role="pane-body"] { background: $panel; border: 1px solid $line; border-top: none;
  border-bottom-left-radius: ${r_pane}px; border-bottom-right-radius: ${r_pane}px; }
QFrame[role="card"] { background: $panel; border: 1px solid $line; border-radius: ${r_pane}px; }
QFrame[role="card"]:hover { border-color: $blue; background: $raised; }
QFrame[role="card"]:focus { border-color: $blue; }
QFrame[role="popup"] { background: $panel; border: 1px solid $line; border-radius: ${r_pane}px; }
QFrame[role="cover"] { background: $panel; border-bottom-left-radius: ${r_pane}px;
  border-bottom-right-radius: ${r_pane}px; }
QFrame[role="message-strip"] { background: $raised; border-top: 1px solid $line;
  border-bottom: 1px solid $line; }
QPlainTextEdit[role="bare"] { border: none; background: transparent; padding: 0; }

QComboBox { padding-right: ${p5}px; }
QComboBox::drop-down { border: none; width: ${p5}px; }
QComboBox::down-arrow { image: url("icons:down.svg"); width: ${icon}px; height: ${icon}px; }
QComboBox QAbstractItemView {
  background: $panel; border: 1px solid $line; padding: ${p0}px; outline: none;
  selection-background-color: $hover; selection-color: $text; }

QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox {
  background: $background; border: 1px solid $line; border-radius: ${r}px; padding: ${p1}px ${p2}px; }
QLineEdit { placeholder-text-color: $dim; }
QLineEdit[role="entry"] { font-size: ${entry}px; }
QLineEdit:focus, QTextEdit:focus, QPlainTextEdit:focus, QAbstractSpinBox:focus { border-color: $blue; }
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"], QAbstractSpinBox[invalid="true"]:focus {
  border-color: $red; color: $red; }
QComboBox[invalid="true"] { border-color: $red; color: $red; }
QLineEdit[role="value"][invalid="true"] { border-bottom-color: $red; color: $red; }

QCheckBox, QRadioButton { spacing: ${p2}px; background: transparent; border: 1px solid transparent;
  border-radius: ${r}px; padding: ${p0}px; }
QCheckBox:focus, QRadioButton:focus { border-color: $blue; }
QCheckBox::indicator, QRadioButton::indicator, QListView::indicator {
  width: ${box}px; height: ${box}px; background: $background; border: 1px solid $dim;
  border-radius: ${r_small}px; }
QRadioButton::indicator { border-radius: ${box_half}px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $text; }
QCheckBox::indicator:checked, QListView::indicator:checked {
  background: $amber; border-color: $amber; image: url("icons:check.svg"); }
QRadioButton::indicator:checked { background: $amber; border-color: $amber; }
QCheckBox::indicator:disabled { border-color: $line; }

QSlider { background: transparent; min-height: ${handle_row}px; }
QSlider::groove:horizontal { height: ${groove}px; background: $line; border-radius: ${groove_r}px; }
QSlider::sub-page:horizontal { background: $amber; border-radius: ${groove_r}px; }
QSlider::handle:horizontal {
  width: ${handle}px; height: ${handle}px; margin: -${handle_out}px 0; background: $text;
  border: 1px solid $text; border-radius: ${handle_r}px; }
QSlider::handle:horizontal:hover { border-color: $blue; }
QSlider::handle:horizontal:focus { border: 2px solid $blue; width: ${handle_in}px; height: ${handle_in}px; }
QSlider::sub-page:horizontal:disabled { background: $faint; }
QSlider::handle:horizontal:disabled { background: $faint; border-color: $faint; }

QProgressBar { background: $line; border: none; border-radius: ${groove_r}px; }
QProgressBar::chunk { background: $amber; border-radius: ${groove_r}px; }

QMenuBar { background: $background; }
QMenuBar::item { padding: ${p1}px ${p2}px; border-radius: ${r_small}px; background: transparent; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $hover; }
QMenu { background: $panel; border: 1px solid $line; padding: ${p0}px; }
QMenu::item { padding: ${p1}px ${p5}px ${p1}px ${p4}px; background: transparent;
  border-radius: ${r_small}px; }
QMenu::item:selected { background: $hover; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $line; margin: ${p0}px ${p2}px; }
QMenu::indicator { width: ${box}px; height: ${box}px; margin-left: ${p0}px; }
QMenu::indicator:checked { background: $amber; border-radius: ${r_small}px; image: url("icons:check.svg"); }
QMenu::right-arrow { image: url("icons:right.svg"); width: ${icon}px; height: ${icon}px; }

QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab {
  background: transparent; color: $dim; border: 1px solid transparent; border-radius: ${r}px;
  padding: ${p1}px ${p3}px; margin: ${p0}px; }
QTabBar::tab:hover { background: $raised; }
QTabBar::tab:selected { background: $raised; color: $text; }
QTabBar[none_chosen="true"]::tab:selected { background: transparent; color: $dim; }
QTabBar::tab:focus { border-color: $blue; }
QTabBar::close-button { image: url("icons:close.svg"); }
QTabBar::scroller { width: ${scroller}px; }
QTabBar QToolButton { background: $panel; border: 1px solid $line; border-radius: ${r_small}px; padding: 0;
  margin: ${p1}px 1px; }
QTabBar QToolButton:hover { background: $hover; }
QTabBar QToolButton:disabled { background: transparent; border-color: transparent; }
QTabBar QToolButton::left-arrow { image: url("icons:left.svg"); width: ${icon}px; height: ${icon}px; }
QTabBar QToolButton::right-arrow { image: url("icons:right.svg"); width: ${icon}px; height: ${icon}px; }
QTabBar QToolButton::left-arrow:disabled, QTabBar QToolButton::right-arrow:disabled { image: none; }
QTabWidget::pane { border: none; }

QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: ${p0}px ${p1}px; }

QScrollArea > QWidget > QWidget#content { background: transparent; }
QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: ${bar}px; }
QScrollBar:horizontal { height: ${bar}px; }
QScrollBar::handle { background: $line; border-radius: ${bar_r}px; margin: 2px; }
QScrollBar::handle:hover { background: $dim; }
QScrollBar::handle:vertical { min-height: ${p6}px; }
QScrollBar::handle:horizontal { min-width: ${p6}px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QAbstractItemView { outline: none; alternate-background-color: $raised; }
QListView::item, QTreeView::item, QTableView::item { padding: ${p0}px; border-radius: ${r_small}px; }
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected {
  background: $hover; color: $text; }
QHeaderView::section { background: $panel; color: $dim; border: none; padding: ${p1}px; }
QTableCornerButton::section { background: $panel; border: none; }

QStatusBar { background: $background; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
QStatusBar QLabel { padding: ${p0}px ${p2}px; }
QMainWindow::separator { background: transparent; width: ${gap}px; height: ${gap}px; }
QMainWindow::separator:hover { background: $line; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $line; }
QDockWidget { border: none; }

QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QFileDialog { backward-icon: url("icons:left.svg"); forward-icon: url("icons:right.svg");
  filedialog-backward-icon: url("icons:left.svg"); filedialog-parent-directory-icon: url("icons:up.svg");
  filedialog-new-directory-icon: url("icons:folder-new.svg"); filedialog-listview-icon: url("icons:list.svg");
  filedialog-detailedview-icon: url("icons:details.svg"); }
""")

ROLES = {
    "background": "window",
    "panel": "base",
    "raised": "button",
    "hover": "light",
    "line": "mid",
    "text": "text",
    "dim": "placeholder-text",
    "faint": "shadow",
    "amber": "highlight",
    "amber_text": "midlight",
    "on_amber": "highlighted-text",
    "blue": "link",
    "green": "link-visited",
    "red": "bright-text",
}
"""Where the palette has each colour of a theme: the sheet names no colour, so that it is every theme's."""


def of(line: float) -> str:
    """The style sheet for a text line `line` pixels high. Its icons are looked for in the path “icons”."""

    def part(share: float, least: int = 1) -> int:
        return max(least, round(share * line))

    groove = part(0.24, 2)
    beyond = part(0.25)
    handle = groove + 2 * beyond  # Qt draws a square where the radius is more than half of the height
    box = part(0.82)
    bar = part(0.6, 8)
    return _SHEET.substitute(
        {name: f"palette({role})" for name, role in ROLES.items()},
        p0=part(0.15),
        p1=part(0.28),
        p2=part(0.42),
        p3=part(0.7),
        p4=part(1.2),
        p5=part(1.6),
        p6=part(2.2),
        r=part(0.36),
        r_in=part(0.36) - 1,
        r_small=part(0.22),
        r_pane=part(0.5),
        p0_in=part(0.15) - 1,
        p2_in=part(0.42) - 1,
        small=max(8, round(line * 0.7)),
        large=part(1.0),
        display=part(1.6),
        entry=part(0.92),
        icon=part(0.9),
        scroller=part(3.2),
        box=box,
        box_half=box // 2,
        handle=handle - 2,
        handle_in=handle - 4,
        handle_r=handle // 2,
        handle_out=beyond,
        handle_row=handle + 2,
        groove=groove,
        groove_r=groove // 2,
        bar=bar,
        bar_r=(bar - 4) // 2,
        gap=part(0.4, 6),
    )
