# Written by `python -m docs.exports` from playground/api.py and the registry; tests/test_face.py holds it current.
# ruff: noqa
from playground import api as api
from playground import core as core
from playground import editing as editing
from playground import engine as engine
from playground import exact as exact
from playground import figures as figures
from playground import glossary as glossary
from playground import grids as grids
from playground import guidance as guidance
from playground import images as images
from playground import laws as laws
from playground import measures as measures
from playground import metrics as metrics
from playground import notebook as notebook
from playground import origin as origin
from playground import presets as presets
from playground import processes as processes
from playground import samplers as samplers
from playground import schedules as schedules
from playground import server as server
from playground import spaces as spaces
from playground import sweeps as sweeps
from playground import ui as ui
from playground import viewer as viewer
from playground import views as views
from playground.api import BadValue as BadValue
from playground.api import Bridge as Bridge
from playground.api import Elsewhere as Elsewhere
from playground.api import Estimate as Estimate
from playground.api import Experiment as Experiment
from playground.api import Frame as Frame
from playground.api import GaussianMixture as GaussianMixture
from playground.api import Grid as Grid
from playground.api import Guidance as Guidance
from playground.api import Info as Info
from playground.api import Law as Law
from playground.api import LinearProcess as LinearProcess
from playground.api import Measure as Measure
from playground.api import Model as Model
from playground.api import Numbers as Numbers
from playground.api import Order as Order
from playground.api import Prediction as Prediction
from playground.api import Predictor as Predictor
from playground.api import Problem as Problem
from playground.api import Process as Process
from playground.api import Rng as Rng
from playground.api import Run as Run
from playground.api import Sampler as Sampler
from playground.api import ScalarGaussian as ScalarGaussian
from playground.api import ScalarProcess as ScalarProcess
from playground.api import Schedule as Schedule
from playground.api import Showing as Showing
from playground.api import Space as Space
from playground.api import Spec as Spec
from playground.api import Sweep as Sweep
from playground.api import Trace as Trace
from playground.api import board as board
from playground.api import bridge as bridge
from playground.api import budget as budget
from playground.api import choice as choice
from playground.api import compare as compare
from playground.api import decode as decode
from playground.api import denoised as denoised
from playground.api import density as density
from playground.api import distance as distance
from playground.api import elsewhere as elsewhere
from playground.api import flag as flag
from playground.api import free as free
from playground.api import integer as integer
from playground.api import invert as invert
from playground.api import launch as launch
from playground.api import law as law
from playground.api import legal as legal
from playground.api import likelihood as likelihood
from playground.api import load_images as load_images
from playground.api import log_prob as log_prob
from playground.api import measure as measure
from playground.api import model as model
from playground.api import nested as nested
from playground.api import numbers as numbers
from playground.api import order as order
from playground.api import plot as plot
from playground.api import problem as problem
from playground.api import register as register
from playground.api import registry as registry
from playground.api import sample as sample
from playground.api import score as score
from playground.api import show as show
from playground.api import simulate as simulate
from playground.api import slider as slider
from playground.api import sweep as sweep
from playground.api import why_illegal as why_illegal
from playground.grids.auto import Auto as Auto
from playground.grids.custom import Custom as Custom
from playground.grids.exponential import Exponential as Exponential
from playground.grids.flow_shift import FlowShift as FlowShift
from playground.grids.iddpm import IDDPM as IDDPM
from playground.grids.karras import Karras as Karras
from playground.grids.log_snr import UniformLogSNR as UniformLogSNR
from playground.grids.optimal_trajectory import OptimalTrajectory as OptimalTrajectory
from playground.grids.polyexponential import PolyExponential as PolyExponential
from playground.grids.quadratic import Quadratic as Quadratic
from playground.grids.subsequence import Subsequence as Subsequence
from playground.grids.time_quadratic import TimeQuadratic as TimeQuadratic
from playground.grids.uniform import UniformTime as UniformTime
from playground.guidance.autoguidance import Autoguidance as Autoguidance
from playground.guidance.classifier import Classifier as Classifier
from playground.guidance.classifier_free import ClassifierFree as ClassifierFree
from playground.guidance.each_class import EachClass as EachClass
from playground.guidance.none import NoGuidance as NoGuidance
from playground.guidance.prompt import Prompt as Prompt
from playground.measures.c2st import C2ST as C2ST
from playground.measures.class_entropy import ClassEntropy as ClassEntropy
from playground.measures.class_shares import ClassShares as ClassShares
from playground.measures.energy import Energy as Energy
from playground.measures.exact_w1 import ExactW1 as ExactW1
from playground.measures.exact_w2 import ExactW2 as ExactW2
from playground.measures.frechet import Frechet as Frechet
from playground.measures.image_precision import ImagePrecision as ImagePrecision
from playground.measures.image_recall import ImageRecall as ImageRecall
from playground.measures.js_cells import JSCells as JSCells
from playground.measures.kl_cells import KLCells as KLCells
from playground.measures.likelihood_gap import LikelihoodGap as LikelihoodGap
from playground.measures.memorised import MemorisedShare as MemorisedShare
from playground.measures.middle import Middle as Middle
from playground.measures.mmd import MMD as MMD
from playground.measures.mode_recall import ModeRecall as ModeRecall
from playground.measures.model_calls import ModelCalls as ModelCalls
from playground.measures.moments import Moments as Moments
from playground.measures.nearest_image import NearestImage as NearestImage
from playground.measures.on_modes import OnModes as OnModes
from playground.measures.path_error import PathError as PathError
from playground.measures.precision import Precision as Precision
from playground.measures.prior_mismatch import PriorMismatch as PriorMismatch
from playground.measures.recall import Recall as Recall
from playground.measures.relative_entropy import RelativeEntropy as RelativeEntropy
from playground.measures.sinkhorn import Sinkhorn as Sinkhorn
from playground.measures.strong_error import StrongError as StrongError
from playground.measures.tilted import TiltedLaw as TiltedLaw
from playground.measures.total_variation import TotalVariation as TotalVariation
from playground.measures.w1 import W1 as W1
from playground.measures.w2 import W2 as W2
from playground.measures.wall_clock import WallClock as WallClock
from playground.measures.weight_error import WeightError as WeightError
from playground.processes.absorbing import Absorbing as Absorbing
from playground.processes.anisotropic import Anisotropic as Anisotropic
from playground.processes.cld import CLD as CLD
from playground.processes.cosine_path import CosinePath as CosinePath
from playground.processes.edm import EDM as EDM
from playground.processes.flow import Flow as Flow
from playground.processes.interpolant import Interpolant as Interpolant
from playground.processes.pfgmpp import PFGMPP as PFGMPP
from playground.processes.polynomial_path import PolynomialPath as PolynomialPath
from playground.processes.sub_vp import SubVP as SubVP
from playground.processes.torus import TorusBrownian as TorusBrownian
from playground.processes.uniform_tokens import UniformTokens as UniformTokens
from playground.processes.ve import VE as VE
from playground.processes.vp import VP as VP
from playground.samplers.analytic_dpm import AnalyticDPM as AnalyticDPM
from playground.samplers.annealed_langevin import AnnealedLangevin as AnnealedLangevin
from playground.samplers.ddim import DDIM as DDIM
from playground.samplers.ddpm import DDPM as DDPM
from playground.samplers.deis import DEIS as DEIS
from playground.samplers.dpm_solver import DPMSolver as DPMSolver
from playground.samplers.dpm_solver_adaptive import DPMSolverAdaptive as DPMSolverAdaptive
from playground.samplers.dpmpp_2m import DPMSolverPP2M as DPMSolverPP2M
from playground.samplers.dpmpp_2s import DPMSolverPP2S as DPMSolverPP2S
from playground.samplers.dpmpp_3m import DPMSolverPP3M as DPMSolverPP3M
from playground.samplers.dpmpp_3s import DPMSolverPP3S as DPMSolverPP3S
from playground.samplers.dpmpp_sde import DPMSolverPPSDE as DPMSolverPPSDE
from playground.samplers.edm_euler import EDMEuler as EDMEuler
from playground.samplers.edm_heun import EDMHeun as EDMHeun
from playground.samplers.euler_ancestral import EulerAncestral as EulerAncestral
from playground.samplers.euler_maruyama import EulerMaruyama as EulerMaruyama
from playground.samplers.exact import ExactAncestral as ExactAncestral
from playground.samplers.geodesic_euler_maruyama import GeodesicEulerMaruyama as GeodesicEulerMaruyama
from playground.samplers.geodesic_heun import GeodesicHeun as GeodesicHeun
from playground.samplers.heun3 import Heun3 as Heun3
from playground.samplers.kdpm2 import KDPM2 as KDPM2
from playground.samplers.langevin import Langevin as Langevin
from playground.samplers.lms import LMS as LMS
from playground.samplers.midpoint import Midpoint as Midpoint
from playground.samplers.ode import Euler as Euler
from playground.samplers.ode import Heun as Heun
from playground.samplers.ode import RK4 as RK4
from playground.samplers.ode import RK45 as RK45
from playground.samplers.plms import PLMS as PLMS
from playground.samplers.pndm import PNDM as PNDM
from playground.samplers.predictor_corrector import PredictorCorrector as PredictorCorrector
from playground.samplers.renoise import Renoise as Renoise
from playground.samplers.restart import Restart as Restart
from playground.samplers.reverse_diffusion import ReverseDiffusion as ReverseDiffusion
from playground.samplers.rk38 import RK38 as RK38
from playground.samplers.sde_dpm_solver import SDEDPMSolver as SDEDPMSolver
from playground.samplers.sde_dpmpp import SDEDPMSolverPP as SDEDPMSolverPP
from playground.samplers.sscs import SSCS as SSCS
from playground.samplers.tau_leaping import TauLeaping as TauLeaping
from playground.samplers.token_ancestral import TokenAncestral as TokenAncestral
from playground.samplers.unipc import UniPC as UniPC
from playground.samplers.wrapped_ancestral import WrappedAncestral as WrappedAncestral
from playground.schedules.constant import ConstantBeta as ConstantBeta
from playground.schedules.cosine import Cosine as Cosine
from playground.schedules.ddpm_table import DDPMTable as DDPMTable
from playground.schedules.drawn import Drawn as Drawn
from playground.schedules.linear import LinearBeta as LinearBeta
from playground.schedules.sigmoid import SigmoidBeta as SigmoidBeta
from playground.schedules.sigmoid_alpha import SigmoidAlpha as SigmoidAlpha
from playground.schedules.zero_terminal import ZeroTerminalSNR as ZeroTerminalSNR

__version__: str
__all__ = [
    "Absorbing",
    "AnalyticDPM",
    "Anisotropic",
    "AnnealedLangevin",
    "Auto",
    "Autoguidance",
    "BadValue",
    "Bridge",
    "C2ST",
    "CLD",
    "ClassEntropy",
    "ClassShares",
    "Classifier",
    "ClassifierFree",
    "ConstantBeta",
    "Cosine",
    "CosinePath",
    "Custom",
    "DDIM",
    "DDPM",
    "DDPMTable",
    "DEIS",
    "DPMSolver",
    "DPMSolverAdaptive",
    "DPMSolverPP2M",
    "DPMSolverPP2S",
    "DPMSolverPP3M",
    "DPMSolverPP3S",
    "DPMSolverPPSDE",
    "Drawn",
    "EDM",
    "EDMEuler",
    "EDMHeun",
    "EachClass",
    "Elsewhere",
    "Energy",
    "Estimate",
    "Euler",
    "EulerAncestral",
    "EulerMaruyama",
    "ExactAncestral",
    "ExactW1",
    "ExactW2",
    "Experiment",
    "Exponential",
    "Flow",
    "FlowShift",
    "Frame",
    "Frechet",
    "GaussianMixture",
    "GeodesicEulerMaruyama",
    "GeodesicHeun",
    "Grid",
    "Guidance",
    "Heun",
    "Heun3",
    "IDDPM",
    "ImagePrecision",
    "ImageRecall",
    "Info",
    "Interpolant",
    "JSCells",
    "KDPM2",
    "KLCells",
    "Karras",
    "LMS",
    "Langevin",
    "Law",
    "LikelihoodGap",
    "LinearBeta",
    "LinearProcess",
    "MMD",
    "Measure",
    "MemorisedShare",
    "Middle",
    "Midpoint",
    "ModeRecall",
    "Model",
    "ModelCalls",
    "Moments",
    "NearestImage",
    "NoGuidance",
    "Numbers",
    "OnModes",
    "OptimalTrajectory",
    "Order",
    "PFGMPP",
    "PLMS",
    "PNDM",
    "PathError",
    "PolyExponential",
    "PolynomialPath",
    "Precision",
    "Prediction",
    "Predictor",
    "PredictorCorrector",
    "PriorMismatch",
    "Problem",
    "Process",
    "Prompt",
    "Quadratic",
    "RK38",
    "RK4",
    "RK45",
    "Recall",
    "RelativeEntropy",
    "Renoise",
    "Restart",
    "ReverseDiffusion",
    "Rng",
    "Run",
    "SDEDPMSolver",
    "SDEDPMSolverPP",
    "SSCS",
    "Sampler",
    "ScalarGaussian",
    "ScalarProcess",
    "Schedule",
    "Showing",
    "SigmoidAlpha",
    "SigmoidBeta",
    "Sinkhorn",
    "Space",
    "Spec",
    "StrongError",
    "SubVP",
    "Subsequence",
    "Sweep",
    "TauLeaping",
    "TiltedLaw",
    "TimeQuadratic",
    "TokenAncestral",
    "TorusBrownian",
    "TotalVariation",
    "Trace",
    "UniPC",
    "UniformLogSNR",
    "UniformTime",
    "UniformTokens",
    "VE",
    "VP",
    "W1",
    "W2",
    "WallClock",
    "WeightError",
    "WrappedAncestral",
    "ZeroTerminalSNR",
    "__version__",
    "board",
    "bridge",
    "budget",
    "choice",
    "compare",
    "decode",
    "denoised",
    "density",
    "distance",
    "elsewhere",
    "flag",
    "free",
    "integer",
    "invert",
    "launch",
    "law",
    "legal",
    "likelihood",
    "load_images",
    "log_prob",
    "measure",
    "model",
    "nested",
    "numbers",
    "order",
    "plot",
    "problem",
    "register",
    "registry",
    "sample",
    "score",
    "show",
    "simulate",
    "slider",
    "sweep",
    "why_illegal",
]
