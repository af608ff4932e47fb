"""What an explanation is, and the papers that several of them name."""

from __future__ import annotations

from dataclasses import dataclass

ATTENTION = "Vaswani et al. 2017, “Attention Is All You Need”"
BERT = "Clark et al. 2019, “What Does BERT Look At?”"
ROLLOUT = "Abnar & Zuidema 2020, “Quantifying Attention Flow in Transformers”, section 3"
VIT = "Dosovitskiy et al. 2021, “An Image Is Worth 16×16 Words”"
REGISTERS = "Darcet et al. 2024, “Vision Transformers Need Registers”, section 2"
FIELDS = "Araujo et al. 2019, “Computing Receptive Fields of Convolutional Neural Networks”"
EFFECTIVE = "Luo et al. 2016, “Understanding the Effective Receptive Field in Deep CNNs”"
ARITHMETIC = "Dumoulin & Visin 2016, “A Guide to Convolution Arithmetic for Deep Learning”"
POINTS = "Zhao et al. 2021, “Point Transformer”, section 3"
SHAPES = "Zhao et al. 2021, “Point Transformer”, section 3.4; Qi et al. 2017, “PointNet”, section 5.3"
VIEWS = "Su et al. 2015, “Multi-view convolutional neural networks for 3D shape recognition”, section 3"
POINTNET = "Qi et al. 2017, “PointNet”, section 5.3"
SCORES = "Long et al. 2015, “Fully Convolutional Networks for Semantic Segmentation”, section 5"
SPARSE = "Graham et al. 2018, “3D Semantic Segmentation with Submanifold Sparse Convolutional Networks”"
ROOMS = "Armeni et al. 2016, “3D Semantic Parsing of Large-Scale Indoor Spaces”"
OWN = "Headlight’s own; no paper has it."


@dataclass(frozen=True)
class Explanation:
    """words: as they stand on the screen; “pane/word” for a word that means something else in that pane, and
    a regular expression between slashes for one with figures in it. paper: with its section, or "".
    """

    words: tuple[str, ...]
    says: str
    paper: str = ""


def of(*words: str, says: str, paper: str = "") -> Explanation:
    return Explanation(words, says, paper)
